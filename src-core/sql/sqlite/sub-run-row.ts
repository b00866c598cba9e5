import { sql, type SQL } from 'drizzle-orm';
import type { AnySQLiteColumn } from 'drizzle-orm/sqlite-core';
import type { SubRunRecord } from '../../domain/index.ts';
import { SUB_RUN_KIND } from './codes.ts';
import { idText } from './run-row.ts';
import { subRun } from './schema.ts';

/** Where a list of sub-runs is, newest first: code of the kind, number. */
export type SubRunPlace = readonly [kind: number, number: number];

export const subRunFields = {
  runId: idText(subRun.runId),
  kind: subRun.kind,
  number: subRun.number,
  workerId: orEmpty(subRun.workerId),
  sceneId: orEmpty(subRun.sceneId),
  sceneName: orEmpty(subRun.sceneName),
  status: orEmpty(subRun.status),
  reason: orEmpty(subRun.reason),
  monitorStatus: orEmpty(subRun.monitorStatus),
  monitorPayload: orEmpty(subRun.monitorPayload),
  startedAt: subRun.startedAt,
  endedAt: subRun.endedAt,
  createdAt: subRun.createdAt,
};

/** The cursor is `kind:number`. */
export function readSubRunPlace(before: string | undefined): SubRunPlace {
  return (before ?? '9:0').split(':').map(Number) as unknown as SubRunPlace;
}

/** `rows` may hold one more than the limit, which says that there is a next page. */
export function subRunPage(rows: readonly SubRunRecord[], limit: number): { items: readonly SubRunRecord[]; nextBefore: string | undefined } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextBefore: rows.length > limit && last !== undefined ? `${SUB_RUN_KIND.toCode[last.kind]}:${last.number}` : undefined };
}

function orEmpty(column: AnySQLiteColumn): SQL<string> {
  return sql<string>`coalesce(${column}, '')`;
}
