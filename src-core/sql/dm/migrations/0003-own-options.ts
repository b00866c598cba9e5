/** Never edited once released: a change is a new migration. A start may have died half-way. */
export const OWN_OPTIONS: readonly string[] = [
  `declare
  found int;
begin
  select count(*) into found from all_tab_columns where owner = SF_GET_SCHEMA_NAME_BY_ID(CURRENT_SCHID()) and table_name = 'NATSJOB_RUN' and column_name = 'OWN_OPTIONS';
  if found = 0 then
    execute immediate 'alter table natsjob_run add own_options varchar(1024)';
  end if;
end`,
];
