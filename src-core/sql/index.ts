export { openSqliteStore, type SqliteOptions } from './sqlite/open.ts';
export { createMemoryStore } from './memory/store.ts';
