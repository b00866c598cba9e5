import { and, desc, sql } from 'drizzle-orm';
import type { SubRunRecord } from '../../../domain/index.ts';
import type { SubRunPage, SubRunQuery } from '../../../ports/index.ts';
import { idToInteger, isStorableId } from '../../run-id.ts';
import { SUB_RUN_KIND } from '../codes.ts';
import { subRun } from '../schema.ts';
import { readSubRunPlace, subRunFields, subRunPage, type SubRunPlace } from '../sub-run-row.ts';
import { contains } from './contains.ts';
import type { ReadDb } from './read-db.ts';

/** A query that has looked for about this long gives what it found, and where to go on. */
const BUDGET_MS = 15;
const STEP = 1_000;

/** Sub-runs of one run, newest first, down its range of the key in steps, each tested for the conditions. `now` is any clock in milliseconds. */
export function readSubRuns(db: ReadDb, runId: string, query: SubRunQuery, now: () => number): SubRunPage {
  if (!isStorableId(runId)) return { items: [], nextBefore: undefined };
  const id = idToInteger(runId);
  const where = and(
    query.status ? sql`${subRun.status} = ${query.status}` : undefined,
    query.monitorStatus ? sql`${subRun.monitorStatus} = ${query.monitorStatus}` : undefined,
    query.reason ? contains(subRun.reason, query.reason) : undefined,
    query.monitorPayload ? contains(subRun.monitorPayload, query.monitorPayload) : undefined,
  );
  const below = (place: SubRunPlace) => sql`${subRun.runId} = ${id} and (${subRun.kind}, ${subRun.number}) < (${place[0]}, ${place[1]})`;
  const start = now();
  const rows: SubRunRecord[] = [];
  for (let place = readSubRunPlace(query.before); ;) {
    const end = db.select({ kind: subRun.kind, number: subRun.number }).from(subRun).where(below(place))
      .orderBy(desc(subRun.kind), desc(subRun.number)).limit(1).offset(STEP - 1).get();
    const low: SubRunPlace = end === undefined ? [-1, 0] : [SUB_RUN_KIND.toCode[end.kind], end.number];
    rows.push(...db.select(subRunFields).from(subRun)
      .where(and(below(place), sql`(${subRun.kind}, ${subRun.number}) >= (${low[0]}, ${low[1]})`, where))
      .orderBy(desc(subRun.kind), desc(subRun.number)).limit(query.limit + 1 - rows.length).all());
    if (rows.length > query.limit || end === undefined) return subRunPage(rows, query.limit);
    if (now() - start > BUDGET_MS) return { items: rows, nextBefore: `${low[0]}:${low[1]}` };
    place = low;
  }
}
