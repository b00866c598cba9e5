import type { SchedulerPause } from '../domain/pause.ts';
import { isWhole, objectOf } from './fields.ts';

/** Ours, in the control bucket: the latest pause of the whole scheduler. */
export const PAUSE_KEY = 'pause';

export function encodePause({ since, until, resumedAt }: SchedulerPause): string {
  return JSON.stringify({ v: 1, since, until, resumedAt });
}

/** Undefined for what no node of ours has written. */
export function decodePause(text: string): SchedulerPause | undefined {
  const fields = objectOf(text, 1_024);
  if (fields === undefined || fields.v !== 1 || !isWhole(fields.since)) return undefined;
  const { since, until = null, resumedAt = null } = fields;
  return isWholeOrNull(until) && isWholeOrNull(resumedAt) ? { since, until, resumedAt } : undefined;
}

function isWholeOrNull(value: unknown): value is number | null {
  return value === null || isWhole(value);
}
