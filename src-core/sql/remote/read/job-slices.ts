import { sql } from 'drizzle-orm';
import type { Ask } from './ask.ts';

const SLICE = 1_000;

/** Definitions of all jobs with their versions, in the order of their names. */
export async function* jobSlices(ask: Ask): AsyncGenerator<readonly [definition: string, version: number]> {
  // None has an empty name; and to some products an empty text is no text, which nothing is greater than.
  let after: readonly string[] | undefined;
  for (;;) {
    const [namespace, app, name] = after ?? [];
    const where = after === undefined ? sql.raw('') : sql` where namespace > ${namespace} or (namespace = ${namespace} and (app > ${app} or (app = ${app} and name > ${name})))`;
    const rows = await ask.rows(sql`
      select definition, version_no, namespace, app, name from natsjob_job${where}
      order by namespace, app, name limit ${SLICE}`);
    for (const [definition, version] of rows) yield [String(definition), Number(version)];
    if (rows.length < SLICE) return;
    after = rows.at(-1)!.slice(2).map(String);
  }
}
