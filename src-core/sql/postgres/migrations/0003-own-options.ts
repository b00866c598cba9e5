/** Never edited once released: a change is a new migration. */
export const OWN_OPTIONS: readonly string[] = ['alter table natsjob_run add column if not exists own_options text'];
