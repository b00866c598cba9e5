import { sql, type SQL } from 'drizzle-orm';
import { UnavailableError } from '../../domain/index.ts';
import { plain, type SqlConnection } from '../remote/dialect.ts';

export interface PostgresFacts {
  readonly name: string;
  readonly lower: (text: SQL) => SQL;
}

export const LOWER_BY_DATABASE = (text: SQL): SQL => sql`lower(${text})`;

/** Names of collations that know the letters of all languages, wherever they are there. */
const COLLATIONS = ['und-x-icu', 'C.utf8', 'C.UTF-8', 'en_US.utf8'];

/**
 * Which server it is, and how it puts letters beyond ASCII into lower case: a database made with the locale C needs the name of
 * a collation for that. Rejects with UnavailableError when the database cannot keep Unicode.
 */
export async function askFacts(connection: SqlConnection): Promise<PostgresFacts> {
  const [encoding, version, native, collations] = await connection.run([
    plain('show server_encoding'), plain('select version()'), plain('select lower(\'ÄΣ\')'),
    { text: 'select collname from pg_collation where collname = any($1::text[])', params: [`{${COLLATIONS.map((name) => `"${name}"`).join(',')}}`] },
  ]);
  const kept = String(encoding?.rows[0]?.[0] ?? '');
  if (kept !== 'UTF8') throw new UnavailableError(`The database keeps text as ${kept}: natsjob needs one made with encoding UTF8.`);
  const [name = 'PostgreSQL'] = String(version?.rows[0]?.[0] ?? '').split(/,| on /);
  if (native?.rows[0]?.[0] === 'äσ') return { name, lower: LOWER_BY_DATABASE };
  const there = new Set(collations?.rows.map(([one]) => String(one)));
  const collation = COLLATIONS.find((one) => there.has(one));
  return { name, lower: collation === undefined ? LOWER_BY_DATABASE : (text) => sql`lower(${text} collate ${sql.raw(`"${collation}"`)})` };
}
