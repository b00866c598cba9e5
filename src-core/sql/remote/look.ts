import type { Role, SqlConnection } from './dialect.ts';

/** Asks in a session of its own, with the patience of a reader: a server closes one that nothing was asked of for a while. */
export async function look<Value>(open: (role: Role) => Promise<SqlConnection>, ask: (connection: SqlConnection) => Promise<Value>): Promise<Value> {
  const connection = await open('read');
  try {
    return await ask(connection);
  } finally {
    await connection.close();
  }
}
