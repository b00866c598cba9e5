import type { StatsBucket } from '../../../src-core/http/contract.ts';
import type { PlannedJob } from './plan.ts';

/** What was and what will be in one hour or one day. */
export interface Cell {
  completed: number;
  /** Failed, expired, cancelled. */
  bad: number;
  planned: number;
}

/** Sums by the key of the moment: an hour of a weekday, or a day. */
export function cellsOf(stats: readonly StatsBucket[], jobs: readonly PlannedJob[], keyOf: (ms: number) => string): ReadonlyMap<string, Cell> {
  const cells = new Map<string, Cell>();
  const cellAt = (ms: number): Cell => {
    const key = keyOf(ms);
    let cell = cells.get(key);
    if (!cell) cells.set(key, cell = { completed: 0, bad: 0, planned: 0 });
    return cell;
  };
  for (const { from, completed, failed, expired, cancelled } of stats) {
    const cell = cellAt(Date.parse(from));
    cell.completed += completed;
    cell.bad += failed + expired + cancelled;
  }
  // Sums first: many jobs have a bucket at the same moment.
  const planned = new Map<number, number>();
  for (const { buckets } of jobs) for (const { from, count } of buckets) planned.set(from, (planned.get(from) ?? 0) + count);
  for (const [from, count] of planned) cellAt(from).planned += count;
  return cells;
}

/** 0–4: how much it is beside the most. */
export function levelOf(value: number, most: number): number {
  return value === 0 ? 0 : Math.max(1, Math.ceil((Math.log(value + 1) / Math.log(most + 1)) * 4));
}
