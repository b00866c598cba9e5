/**
 * The run id (`taskId` on the wire): 41 bits of milliseconds since 2020-01-01 UTC, 1 bit kind, 21 bits job number;
 * as text 15–19 decimal digits. A scheduled fire's id is a pure function of (fire time, job), so it serves as
 * message id, primary key and sort order by time. Source: `ARCHITECTURE.md`.
 */

/** 0 = scheduled fire; 1 = by hand, retry, or anything else that is not a fire of the schedule. */
export type RunKind = 0 | 1;

export interface RunIdParts {
  /** Epoch milliseconds. */
  atMs: number;
  kind: RunKind;
  jobNumber: number;
}

/** 2020-01-01T00:00:00Z. */
export const RUN_ID_EPOCH_MS = 1_577_836_800_000;
export const MAX_JOB_NUMBER = 2 ** 21 - 1;

/** The first moment whose ids have 15 digits, a few hours after the epoch. Earlier clocks are broken clocks. */
export const MIN_RUN_ID_MS = RUN_ID_EPOCH_MS + 23_841_858;
/** The last moment that fits in 41 bits: in 2089. */
export const MAX_RUN_ID_MS = RUN_ID_EPOCH_MS + 2 ** 41 - 1;

const LOW_RANGE = 2 ** 22;
const KIND_BIT = 2 ** 21;
const SPLIT = 10_000_000;
const SHAPE = /^[1-9][0-9]{14,18}$/;
const LARGEST = '9223372036854775807';

/**
 * The id as an integer.
 * Throws RangeError for a time outside 2020–2089 (a machine without a clock battery) or an impossible job number.
 */
export function makeRunId(atMs: number, kind: RunKind, jobNumber: number): bigint {
  check(atMs, jobNumber);
  return (BigInt(atMs - RUN_ID_EPOCH_MS) << 22n) | BigInt(kind * KIND_BIT + jobNumber);
}

/** The decimal text of an id, as it stands in messages and keys. */
export function runIdText(id: bigint): string {
  return id.toString();
}

/** The high digits of the millisecond asked for last: fires come in bursts of the same moment. */
let cachedMs = Number.NaN;
let cachedHigh = 0;
let cachedHighText = '';
let cachedLow = 0;

/**
 * `runIdText(makeRunId(…))` without a bigint, for the hot path. Throws as makeRunId does.
 * The id is split as high × 10^7 + low; both parts stay exact in a double.
 */
export function runIdToText(atMs: number, kind: RunKind, jobNumber: number): string {
  check(atMs, jobNumber);
  if (atMs !== cachedMs) splitMoment(atMs);
  const low = cachedLow + kind * KIND_BIT + jobNumber;
  // low < 10^7 + 2^22: at most one carry; adding SPLIT keeps the leading zeros, which the slice then uncovers.
  return low < SPLIT
    ? cachedHighText + String(low + SPLIT).slice(1)
    : String(cachedHigh + 1) + String(low).slice(1);
}

/** The parts of an id's text; undefined unless it is 15–19 digits, without leading zeros, that fit in 63 bits. */
export function parseRunId(text: string): RunIdParts | undefined {
  if (!isRunId(text)) return undefined;
  const high = Number(text.slice(0, -7));
  const low = Number(text.slice(-7));
  const whole = Math.floor(high / LOW_RANGE);
  const rest = (high - whole * LOW_RANGE) * SPLIT + low;
  const delta = whole * SPLIT + Math.floor(rest / LOW_RANGE);
  const tail = rest % LOW_RANGE;
  return {
    atMs: RUN_ID_EPOCH_MS + delta,
    kind: tail >= KIND_BIT ? 1 : 0,
    jobNumber: tail >= KIND_BIT ? tail - KIND_BIT : tail,
  };
}

/** True if `text` has the shape of a run id: 15–19 digits, no leading zero, within 63 bits. */
export function isRunId(text: string): boolean {
  return SHAPE.test(text) && (text.length < 19 || text <= LARGEST);
}

/**
 * The smallest id of a moment or later, for range queries (`id >= runIdFloor(from) and id < runIdFloor(to)`).
 * Any number is taken: moments before or after the ids' range give its ends.
 */
export function runIdFloor(atMs: number): bigint {
  const delta = Math.ceil(atMs) - RUN_ID_EPOCH_MS;
  if (!(delta > 0)) return 0n;
  return delta >= 2 ** 41 ? 2n ** 63n - 1n : BigInt(delta) << 22n;
}

function splitMoment(atMs: number): void {
  const delta = atMs - RUN_ID_EPOCH_MS;
  const whole = Math.floor(delta / SPLIT);
  const scaled = (delta - whole * SPLIT) * LOW_RANGE;
  const carry = Math.floor(scaled / SPLIT);
  cachedMs = atMs;
  cachedHigh = whole * LOW_RANGE + carry;
  cachedHighText = String(cachedHigh);
  cachedLow = scaled - carry * SPLIT;
}

function check(atMs: number, jobNumber: number): void {
  if (!(atMs >= MIN_RUN_ID_MS && atMs <= MAX_RUN_ID_MS) || !Number.isInteger(atMs)) {
    throw new RangeError(`No run id for the moment ${atMs} ms: it must be a whole number from 2020-01-01 07:00 to 2089 UTC; is the clock set?`);
  }
  if (!(jobNumber >= 0 && jobNumber <= MAX_JOB_NUMBER) || !Number.isInteger(jobNumber)) {
    throw new RangeError(`No run id for job number ${jobNumber}: it must be a whole number from 0 to ${MAX_JOB_NUMBER}`);
  }
}
