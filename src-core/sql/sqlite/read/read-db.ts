import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';

/** drizzle over the read-only connection of the reader thread. */
export type ReadDb = BetterSQLite3Database;
