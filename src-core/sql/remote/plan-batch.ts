import { isFinal, type RunRecord, type SkipCount, type SubRunRecord, type WorkerRecord } from '../../domain/index.ts';
import type { Checkpoint, DefinitionChange, ViewBatch } from '../../ports/index.ts';
import type { RollUpRow } from '../roll-up.ts';
import { RollUp } from '../roll-up.ts';
import { idToInteger } from '../run-id.ts';
import { SKIP_REASON, STATE, SUB_RUN_KIND } from '../sqlite/codes.ts';
import { runParams } from '../sqlite/run-row.ts';
import type { Row } from './dialect.ts';

/** What a batch wants of one run, however often it names it. */
interface RunChange {
  readonly row: Row;
  /** The first value, when it may make a row. */
  readonly insert: RunRecord | undefined;
  readonly isUpdate: boolean;
  /** The first of the updates that ends the run. */
  readonly end: RunRecord | undefined;
}

export interface RunPlan {
  /** Runs whose old state decides what is to be done, as decimal texts. */
  readonly asked: readonly string[];
  /** With the old states found (by id; none = no row): what to write. */
  decide(states: ReadonlyMap<string, number>): RunWrites;
}

export interface RunWrites {
  readonly inserts: readonly Row[];
  readonly updates: readonly Row[];
  readonly ends: readonly RollUpRow[];
}

/**
 * Bulk statements take each key once, so what a batch says of a run one after the other becomes one change here; the roll-up
 * counts a run that had not ended before and has now. Throws RangeError for what is no run id.
 */
export function planRuns(batch: Pick<ViewBatch, 'insertRuns' | 'updateRuns'>): RunPlan {
  const inserts = new Map<string, RunRecord>();
  for (const run of batch.insertRuns) {
    if (inserts.has(run.id)) idToInteger(run.id);
    else inserts.set(run.id, run);
  }
  const updates = new Map<string, { last: RunRecord; end: RunRecord | undefined }>();
  for (const run of batch.updateRuns) {
    const end = updates.get(run.id)?.end ?? (isFinal(run.state) ? run : undefined);
    updates.set(run.id, { last: run, end });
  }
  const changes = new Map<string, RunChange>();
  for (const [id, insert] of inserts) {
    const update = updates.get(id);
    // Bound now, so that what is wrong with a record is known before anything is written.
    changes.set(id, { row: runParams(update?.last ?? insert), insert, isUpdate: update !== undefined, end: update?.end });
  }
  for (const [id, { last, end }] of updates) {
    if (!changes.has(id)) changes.set(id, { row: runParams(last), insert: undefined, isUpdate: true, end });
  }
  const asked = [...changes].filter(([, change]) => change.isUpdate || isFinal(change.insert!.state)).map(([id]) => id);
  return { asked, decide: (states) => decide(changes, states) };
}

function decide(changes: ReadonlyMap<string, RunChange>, states: ReadonlyMap<string, number>): RunWrites {
  const inserts: Row[] = [];
  const updates: Row[] = [];
  const rollUp = new RollUp();
  for (const [id, { row, insert, isUpdate, end }] of changes) {
    const state = states.get(id);
    if (state === undefined) {
      if (insert === undefined) continue;
      inserts.push(row);
      const counted = isFinal(insert.state) ? insert : end;
      if (counted !== undefined) rollUp.add(counted);
    } else if (isUpdate) {
      updates.push(row);
      if (end !== undefined && state < STATE.toCode.completed) rollUp.add(end);
    }
  }
  return { inserts, updates, ends: [...rollUp.rows()] };
}

export function endRow(row: RollUpRow): Row {
  return [
    row.minute, row.jobNumber, row.completed, row.failed, row.expired, row.cancelled, row.durationMsSum, row.durationMsMax, row.latenessMsSum, row.latenessMsMax,
  ];
}

/** By (run, kind, number): the last value wins. Throws RangeError for what is no run id. */
export function subRunRows(parts: readonly SubRunRecord[]): Row[] {
  return lastOf(parts, (part) => `${part.runId}:${part.kind}:${part.number}`).map((part) => [
    idToInteger(part.runId), SUB_RUN_KIND.toCode[part.kind], part.number, part.workerId || null, part.sceneId || null, part.sceneName || null,
    part.status || null, part.reason || null, part.monitorStatus || null, part.monitorPayload || null, part.startedAt, part.endedAt, part.createdAt,
  ]);
}

/** Sums by (hour, job, reason). */
export function skipRows(skips: readonly SkipCount[]): Row[] {
  const rows = new Map<string, [number, number, number, number, number]>();
  for (const { hour, jobNumber, reason, count, lastAt } of skips) {
    const key = `${hour}:${jobNumber}:${reason}`;
    const known = rows.get(key);
    if (known === undefined) rows.set(key, [hour, jobNumber, SKIP_REASON.toCode[reason], count, lastAt]);
    else {
      known[3] += count;
      known[4] = Math.max(known[4], lastAt);
    }
  }
  return [...rows.values()];
}

export function workerRows(workers: readonly WorkerRecord[]): Row[] {
  return lastOf(workers, (worker) => `${worker.namespace}.${worker.app}.${worker.id}`).map((worker) => [
    worker.namespace, worker.app, worker.id, worker.ip, worker.comment, worker.weight, worker.group, worker.machineCpuUsage,
    worker.machineMemoryUsage, worker.processCpuUsage, worker.processMemoryRss, worker.firstSeenAt, worker.lastSeenAt,
  ]);
}

export function checkpointRows(checkpoints: readonly Checkpoint[]): Row[] {
  return lastOf(checkpoints, ({ stream }) => stream).map(({ stream, created, sequence }) => [stream, created, sequence]);
}

export interface DefinitionRows {
  readonly put: Readonly<Record<DefinitionChange['kind'], readonly Row[]>>;
  /** Keys of what is to go. */
  readonly drop: Readonly<Record<DefinitionChange['kind'], readonly Row[]>>;
}

export function definitionRows(changes: readonly DefinitionChange[]): DefinitionRows {
  const put = { namespace: [] as Row[], app: [] as Row[], job: [] as Row[] };
  const drop = { namespace: [] as Row[], app: [] as Row[], job: [] as Row[] };
  for (const change of lastOf(changes, (one) => `${one.kind}:${keyOf(one).join('.')}`)) {
    const key = keyOf(change);
    if (change.value === null) drop[change.kind].push(key);
    else if (change.kind === 'job') put.job.push([...key, change.value.definition.number, change.value.version, JSON.stringify(change.value.definition)]);
    else {
      const { version, ...definition } = change.value;
      put[change.kind].push([...key, version, JSON.stringify(definition)]);
    }
  }
  return { put, drop };
}

function keyOf(change: DefinitionChange): string[] {
  if (change.kind === 'namespace') return [change.name];
  return change.kind === 'app' ? [change.namespace, change.name] : [change.namespace, change.app, change.name];
}

function lastOf<Item>(items: readonly Item[], key: (item: Item) => string): readonly Item[] {
  const found = new Map<string, Item>();
  for (const item of items) found.set(key(item), item);
  return [...found.values()];
}
