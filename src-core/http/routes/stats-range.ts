import { InvalidInputError } from '../../domain/errors.ts';
import type { EndTotals } from '../../ports/store.ts';
import { toStatsBucket } from '../resources.ts';
import { formatTime } from '../times.ts';
import { integer, time } from './fields.ts';
import { ok } from './route.ts';
import type { Answer } from './route.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MAX_BUCKETS = 3_000;

export interface StatsRange {
  readonly from: number;
  readonly to: number;
  readonly bucketMs: number;
}

/** Parameters of statistics. */
export function statsFields() {
  return { from: time('Inclusive'), to: time('Exclusive'), bucketMs: integer(MINUTE, 31 * DAY, HOUR) };
}

/** The last 24 hours unless asked otherwise. Throws InvalidInputError for a range that is none, or makes too many stretches. */
export function statsRange(query: { readonly from: number | undefined; readonly to: number | undefined; readonly bucketMs: number }, now: number): StatsRange {
  const to = query.to ?? now;
  const from = query.from ?? to - DAY;
  const { bucketMs } = query;
  checkRange(from, to);
  const errors = [];
  if (bucketMs % MINUTE !== 0) errors.push({ field: 'bucketMs', message: 'must be a multiple of 60000, one minute' });
  if ((to - from) / bucketMs > MAX_BUCKETS) errors.push({ field: 'bucketMs', message: `makes more than ${MAX_BUCKETS} stretches of this range; take a longer one` });
  if (errors.length > 0) throw new InvalidInputError(errors);
  return { from, to, bucketMs };
}

export function statsAnswer({ from, to, bucketMs }: StatsRange, totals: readonly EndTotals[]): Answer {
  return ok({ from: formatTime(from), to: formatTime(to), bucketMs, items: totals.map(toStatsBucket) });
}

/** Throws when a range given ends before it starts. */
export function checkRange(from: number | undefined, to: number | undefined): void {
  if (from !== undefined && to !== undefined && from >= to) throw new InvalidInputError([{ field: 'to', message: 'must be later than from' }]);
}
