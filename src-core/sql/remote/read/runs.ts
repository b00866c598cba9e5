import { sql, type SQL } from 'drizzle-orm';
import { argsMatcher, type RunRecord } from '../../../domain/index.ts';
import type { BriefPage, Count, RunBrief, RunPage, RunQuery } from '../../../ports/index.ts';
import type { Cell } from '../dialect.ts';
import type { Ask } from './ask.ts';
import { briefFields, runFields, RUNS, toBrief, toRun } from './fields.ts';
import { walkRuns } from './walk.ts';

/** A query that has looked for about this long gives what it found, and where to go on. */
const BUDGET_MS = 25;
/** What was counted in about this long is the answer. */
const COUNT_BUDGET_MS = 150;
/** Args read at once, when they are to be looked into here. */
const ARGS_SLICE = 500;

export async function readRuns(ask: Ask, query: RunQuery): Promise<RunPage> {
  return page(ask, query, runFields(ask.dialect), toRun);
}

export async function readBriefs(ask: Ask, query: RunQuery): Promise<BriefPage> {
  return page(ask, query, briefFields(ask.dialect), toBrief);
}

export async function countRuns(ask: Ask, query: RunQuery): Promise<Count> {
  let count = 0;
  const walk = walkRuns(ask, query, COUNT_BUDGET_MS);
  for (;;) {
    const { done, value } = await walk.next();
    if (done) return { count, more: value !== undefined };
    const left = query.limit + 1 - count;
    count += looksIntoArgs(query) ? (await idsByArgs(ask, value, query, left)).length
      : Number(await ask.value(sql`select count(*) from (select r.id from ${RUNS} where ${value} limit ${left}) c`));
    if (count > query.limit) return { count: query.limit, more: true };
  }
}

async function page<Item extends RunRecord | RunBrief>(ask: Ask, query: RunQuery, fields: SQL, toItem: (row: readonly Cell[]) => Item): Promise<{ items: readonly Item[]; nextBefore: string | undefined }> {
  const found: Item[] = [];
  const walk = walkRuns(ask, query, BUDGET_MS);
  for (;;) {
    const { done, value } = await walk.next();
    if (done) return { items: found, nextBefore: value };
    found.push(...(await select(ask, value, query, fields, query.limit + 1 - found.length)).map(toItem));
    if (found.length > query.limit) break;
  }
  const items = found.slice(0, query.limit);
  return { items, nextBefore: items.at(-1)!.id };
}

async function select(ask: Ask, where: SQL, query: RunQuery, fields: SQL, limit: number): Promise<readonly (readonly Cell[])[]> {
  let wanted = where;
  if (looksIntoArgs(query)) {
    const ids = await idsByArgs(ask, where, query, limit);
    if (ids.length === 0) return [];
    wanted = ask.dialect.isOneOf(sql.raw('r.id'), ids.map(BigInt));
  }
  return ask.rows(sql`select ${fields} from ${RUNS} where ${wanted} order by r.id desc limit ${limit}`);
}

function looksIntoArgs(query: RunQuery): boolean {
  return query.args?.includes(':') === true;
}

/** Ids of the newest runs whose args fit, at most `limit`; the condition has let more through. */
async function idsByArgs(ask: Ask, where: SQL, query: RunQuery, limit: number): Promise<string[]> {
  const fits = argsMatcher(query.args ?? '');
  const ids: string[] = [];
  let below: SQL = sql.raw('');
  for (;;) {
    const rows = await ask.rows(sql`select ${ask.dialect.exact(sql.raw('r.id'))}, r.args from ${RUNS} where ${where}${below} order by r.id desc limit ${ARGS_SLICE}`);
    for (const [id, args] of rows) {
      if (!fits(String(args ?? ''))) continue;
      ids.push(String(id));
      if (ids.length === limit) return ids;
    }
    if (rows.length < ARGS_SLICE) return ids;
    below = sql` and r.id < ${BigInt(rows.at(-1)![0] as string | number)}`;
  }
}
