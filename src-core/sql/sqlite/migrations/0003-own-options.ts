/** Never edited once released: a change is a new migration. */
export const OWN_OPTIONS = `
alter table run add column own_options text;
`;
