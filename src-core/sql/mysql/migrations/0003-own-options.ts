/** Never edited once released: a change is a new migration. MySQL adds no column `if not exists`, and a start may have died half-way. */
export const OWN_OPTIONS: readonly string[] = [
  `set @natsjob_change = (select if(count(*) = 0, 'alter table natsjob_run add column own_options text', 'do 0')
  from information_schema.columns where table_schema = database() and table_name = 'natsjob_run' and column_name = 'own_options')`,
  'prepare natsjob_change from @natsjob_change',
  'execute natsjob_change',
  'deallocate prepare natsjob_change',
];
