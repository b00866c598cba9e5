/** Never edited once released: a change is a new migration. */
export const PENDING_ENDS = `
create table end_pending (
  id integer primary key,
  rows blob not null
);
`;
