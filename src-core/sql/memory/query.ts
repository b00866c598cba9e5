import type { RunRecord, SubRunRecord } from '../../domain/index.ts';
import { argsMatcher, isFinal, SUB_RUN_KINDS } from '../../domain/index.ts';
import type { Count, EndTotals, LateJob, RunBrief, RunPage, RunQuery, SkipPage, SkipQuery, SubRunPage, SubRunQuery, WorkerEnds, WorkerEndsQuery } from '../../ports/index.ts';
import { runIdFloor } from '../../wire/index.ts';
import { ALL_JOBS } from '../roll-up.ts';
import { isStorableId, parseBefore } from '../run-id.ts';
import { comparePlaces, parseSkipCursor, placeOf, skipCursor } from '../skip-place.ts';
import type { Tables } from './tables.ts';

export function queryRuns(tables: Tables, query: RunQuery): RunPage {
  const before = parseBefore(query.before);
  const low = query.from === undefined ? 0n : runIdFloor(query.from);
  const high = query.to === undefined ? undefined : runIdFloor(query.to);
  if (query.rootId && !isStorableId(query.rootId)) return { items: [], nextBefore: undefined };
  const items: RunRecord[] = [];
  for (const run of tables.newestFirst()) {
    const id = BigInt(run.id);
    if (before !== undefined && id >= BigInt(before)) continue;
    if (high !== undefined && id >= high) continue;
    if (id < low) break;
    if (!matches(run, query)) continue;
    if (items.length === query.limit) return { items, nextBefore: items.at(-1)!.id };
    items.push({ ...run });
  }
  return { items, nextBefore: undefined };
}

export function countRuns(tables: Tables, query: RunQuery): Count {
  const { items, nextBefore } = queryRuns(tables, query);
  return { count: items.length, more: nextBefore !== undefined };
}

export function recentRuns(tables: Tables, jobNumber: number, limit: number): RunBrief[] {
  const found: RunBrief[] = [];
  for (const run of tables.newestFirst()) {
    if (found.length === limit) break;
    if (run.jobNumber === jobNumber) found.push(toBrief(run));
  }
  return found;
}

export function toBrief({ id, jobNumber, state, scheduledAt, dueAt, dispatchedAt, endedAt, reason }: RunRecord): RunBrief {
  return { id, jobNumber, state, scheduledAt, dueAt, dispatchedAt, endedAt, reason };
}

export function querySubRuns(tables: Tables, runId: string, options: SubRunQuery): SubRunPage {
  const [beforeKind, beforeNumber] = (options.before ?? '9:0').split(':').map(Number) as [number, number];
  const place = (part: SubRunRecord): number => SUB_RUN_KINDS.indexOf(part.kind);
  const found = [...tables.subRuns.get(runId)?.values() ?? []]
    .filter((part) => isWanted(part, options))
    .filter((part) => place(part) < beforeKind || (place(part) === beforeKind && part.number < beforeNumber))
    .sort((a, b) => place(b) - place(a) || b.number - a.number);
  const items = found.slice(0, options.limit).map((part) => ({ ...part }));
  const last = items.at(-1);
  return { items, nextBefore: found.length > items.length && last !== undefined ? `${place(last)}:${last.number}` : undefined };
}

export function querySkips(tables: Tables, query: SkipQuery): SkipPage {
  const before = parseSkipCursor(query.before);
  const found = [...tables.skips.values()]
    .filter((skip) => (query.jobNumbers === undefined || query.jobNumbers.includes(skip.jobNumber))
      && (!query.namespace || skip.namespace === query.namespace) && (!query.app || skip.app === query.app) && (!query.job || skip.job === query.job)
      && (!query.reasons?.length || query.reasons.includes(skip.reason))
      && skip.hour >= (query.from ?? 0) && skip.hour < (query.to ?? Infinity)
      && (before === undefined || comparePlaces(before, placeOf(skip)) < 0))
    .sort((a, b) => comparePlaces(placeOf(a), placeOf(b)));
  const items = found.slice(0, query.limit).map((skip) => ({ ...skip }));
  const last = items.at(-1);
  return { items, nextBefore: found.length > items.length && last !== undefined ? skipCursor(last) : undefined };
}

export function queryEndTotals(tables: Tables, query: { jobNumbers?: readonly number[]; from: number; to: number; bucketMs: number }): EndTotals[] {
  const jobs = new Set(query.jobNumbers ?? [ALL_JOBS]);
  const width = Math.max(60_000, Math.floor(query.bucketMs / 60_000) * 60_000);
  const totals = new Map<number, EndTotals>();
  for (const row of tables.ends.values()) {
    const at = row.minute * 60_000;
    if (!jobs.has(row.jobNumber) || at < query.from || at >= query.to) continue;
    const bucket = Math.floor(at / width) * width;
    const { minute: _, jobNumber: __, ...sums } = row;
    const present = totals.get(bucket);
    totals.set(bucket, present === undefined ? { bucket, ...sums } : {
      bucket,
      completed: present.completed + sums.completed,
      failed: present.failed + sums.failed,
      expired: present.expired + sums.expired,
      cancelled: present.cancelled + sums.cancelled,
      durationMsSum: present.durationMsSum + sums.durationMsSum,
      durationMsMax: Math.max(present.durationMsMax, sums.durationMsMax),
      latenessMsSum: present.latenessMsSum + sums.latenessMsSum,
      latenessMsMax: Math.max(present.latenessMsMax, sums.latenessMsMax),
    });
  }
  return [...totals.values()].sort((a, b) => a.bucket - b.bucket);
}

export function queryWorkerEnds(tables: Tables, { workers, from, limit }: WorkerEndsQuery): WorkerEnds[] {
  return workers.map(({ namespace, app, id }) => {
    const named = [...tables.newestFirst()].filter((run) => run.workerId === id && BigInt(run.id) >= runIdFloor(from)).slice(0, limit);
    const ended = named.filter((run) => run.namespace === namespace && run.app === app && isFinal(run.state));
    return { ended: ended.length, failed: ended.filter(({ state }) => state === 'failed' || state === 'expired').length };
  });
}

export function queryLateJobs(tables: Tables, { from, averageMs, limit }: { from: number; averageMs: number; limit: number }): LateJob[] {
  const found = new Map<number, LateJob>();
  for (const row of tables.ends.values()) {
    const at = row.minute * 60_000;
    if (row.jobNumber === ALL_JOBS || at < from) continue;
    const known = found.get(row.jobNumber) ?? { jobNumber: row.jobNumber, runs: 0, latenessMsSum: 0, lastAt: 0 };
    found.set(row.jobNumber, {
      ...known, runs: known.runs + row.completed + row.failed + row.expired + row.cancelled, latenessMsSum: known.latenessMsSum + row.latenessMsSum, lastAt: Math.max(known.lastAt, at),
    });
  }
  return [...found.values()].filter(({ runs, latenessMsSum }) => latenessMsSum >= averageMs * runs)
    .sort((a, b) => b.latenessMsSum / b.runs - a.latenessMsSum / a.runs || a.jobNumber - b.jobNumber).slice(0, limit);
}

/** Empty texts and lists ask for nothing in particular. */
function matches(run: RunRecord, query: RunQuery): boolean {
  return (!query.namespace || run.namespace === query.namespace)
    && (!query.app || run.app === query.app)
    && (!query.job || run.job === query.job)
    && (!query.states?.length || query.states.includes(run.state))
    && (!query.triggers?.length || query.triggers.includes(run.trigger))
    && (!query.workerId || run.workerId === query.workerId)
    && (!query.monitorStatus || run.monitorStatus === query.monitorStatus)
    && (!query.rootId || run.rootId === query.rootId || run.id === query.rootId)
    && (!query.minDurationMs || (run.dispatchedAt > 0 && run.endedAt - run.dispatchedAt >= query.minDurationMs))
    && (!query.args || argsMatcher(query.args)(run.args))
    && contains(run.monitorPayload, query.monitorPayload)
    && contains(run.reason, query.reason);
}

function isWanted(part: SubRunRecord, query: SubRunQuery): boolean {
  return (!query.status || part.status === query.status)
    && (!query.monitorStatus || part.monitorStatus === query.monitorStatus)
    && contains(part.monitorPayload, query.monitorPayload)
    && contains(part.reason, query.reason);
}

function contains(text: string, part: string | undefined): boolean {
  return !part || text.toLowerCase().includes(part.toLowerCase());
}
