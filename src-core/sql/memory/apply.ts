import { isFinal, workerKey, type RunRecord, type SkipCount } from '../../domain/index.ts';
import { StaleTermError, type DefinitionChange, type ViewBatch } from '../../ports/index.ts';
import { RollUp, type RollUpRow } from '../roll-up.ts';
import { idToInteger } from '../run-id.ts';
import type { Tables } from './tables.ts';

/** All or nothing: whatever can be wrong with a batch is looked for before the first change. Throws StaleTermError or RangeError. */
export function applyToMemory(tables: Tables, batch: ViewBatch): void {
  if (batch.term < tables.term) throw new StaleTermError(batch.term, tables.term);
  for (const run of [...batch.insertRuns, ...batch.updateRuns]) {
    for (const id of [run.id, run.rootId || run.id, run.retryId || run.id]) idToInteger(id);
  }
  for (const part of batch.putSubRuns) idToInteger(part.runId);
  for (const id of batch.removeRuns ?? []) idToInteger(id);

  tables.term = batch.term;
  const rollUp = new RollUp();
  for (const change of batch.definitions) define(tables, change);
  for (const run of batch.insertRuns) insertRun(tables, run, rollUp);
  for (const run of batch.updateRuns) updateRun(tables, run, rollUp);
  for (const part of batch.putSubRuns) {
    let parts = tables.subRuns.get(part.runId);
    if (parts === undefined) tables.subRuns.set(part.runId, (parts = new Map()));
    parts.set(`${part.kind}:${part.number}`, { ...part });
  }
  for (const skip of batch.addSkips) addSkip(tables, skip);
  for (const worker of batch.putWorkers) tables.workers.set(workerKey(worker), { ...worker });
  for (const row of rollUp.rows()) addEnds(tables, row);
  for (const id of batch.removeRuns ?? []) tables.deleteRun(id);
  for (const checkpoint of batch.checkpoints) tables.checkpoints.set(checkpoint.stream, { ...checkpoint });
}

function insertRun(tables: Tables, run: RunRecord, rollUp: RollUp): void {
  if (tables.runs.has(run.id)) return;
  tables.putRun(run);
  if (isFinal(run.state)) rollUp.add(run);
}

function updateRun(tables: Tables, run: RunRecord, rollUp: RollUp): void {
  const present = tables.runs.get(run.id);
  if (present === undefined) return;
  if (isFinal(run.state) && !isFinal(present.state)) rollUp.add(run);
  tables.putRun(run);
}

function addSkip(tables: Tables, skip: SkipCount): void {
  const key = `${skip.hour}:${skip.jobNumber}:${skip.reason}`;
  const present = tables.skips.get(key);
  tables.skips.set(key, {
    ...skip,
    count: skip.count + (present?.count ?? 0),
    lastAt: Math.max(skip.lastAt, present?.lastAt ?? 0),
  });
}

export function addEnds(tables: Tables, row: RollUpRow): void {
  const key = `${row.minute}:${row.jobNumber}`;
  const present = tables.ends.get(key);
  tables.ends.set(key, present === undefined ? row : {
    minute: row.minute,
    jobNumber: row.jobNumber,
    completed: present.completed + row.completed,
    failed: present.failed + row.failed,
    expired: present.expired + row.expired,
    cancelled: present.cancelled + row.cancelled,
    durationMsSum: present.durationMsSum + row.durationMsSum,
    durationMsMax: Math.max(present.durationMsMax, row.durationMsMax),
    latenessMsSum: present.latenessMsSum + row.latenessMsSum,
    latenessMsMax: Math.max(present.latenessMsMax, row.latenessMsMax),
  });
}

function define(tables: Tables, change: DefinitionChange): void {
  if (change.kind === 'namespace') put(tables.namespaces, change.name, change.value);
  else if (change.kind === 'app') put(tables.apps, `${change.namespace}.${change.name}`, change.value);
  else put(tables.jobs, `${change.namespace}.${change.app}.${change.name}`, change.value);
}

function put<Value>(table: Map<string, Value>, key: string, value: Value | null): void {
  if (value === null) table.delete(key);
  else table.set(key, structuredClone(value));
}
