import { ASKED_LIMITS, decodeDispatch } from '../../wire/index.ts';
import type { AskedBackoff, AskedRun } from '../../wire/index.ts';
import { checkKnown } from '../common/known-options.ts';
import type { OptionNames } from '../common/known-options.ts';
import { BadOptionError, checkedWhole } from '../errors.ts';

/** Higher goes first; any whole number from 1 to 20 is one. */
export const JobPriority = { LOW: 1, NORMAL: 5, HIGH: 10, CRITICAL: 20 } as const;

/** Between attempts. `exponential` doubles the delay each time, up to `maxDelay`. Milliseconds. */
export interface Backoff {
  readonly type: 'fixed' | 'exponential';
  readonly delay: number;
  readonly maxDelay?: number;
}

/** Times in milliseconds. What is not given, the queue's own setting says. */
export interface AddOptions {
  readonly priority?: number;
  /** Not before so long from now, at most 366 days. */
  readonly delay?: number;
  /** Tries in all, 1 to 100. */
  readonly attempts?: number;
  /** A number is a fixed delay. */
  readonly backoff?: Backoff | number;
  /** For one attempt, from its start: 100 ms to a day. */
  readonly timeout?: number;
  /** While a job with this key waits, is delayed, runs or is to be tried again, this one is not done: it ends as a double of that one. */
  readonly dedupeKey?: string;
}

/** One of several jobs to add. */
export interface BulkJob<Name extends string = string, Data = unknown> {
  readonly name: Name;
  readonly data?: Data;
  readonly options?: AddOptions;
}

const MAX_NAME = 128;
const DAY_MS = 86_400_000;
/** As argsOf writes them, quoted once more. */
const PLAIN_NAME = /"jobArgs":"\{\\"name\\":\\"([^"\\]+)\\"/;
const NO_OPTIONS: AddOptions = {};
const ADD_OPTIONS: OptionNames<AddOptions> = { priority: true, delay: true, attempts: true, backoff: true, timeout: true, dedupeKey: true };
const BACKOFF: OptionNames<Backoff> = { type: true, delay: true, maxDelay: true };

/** The run as it is asked for. Throws BadOptionError. Hot path of `add`. */
export function askedRunOf(name: string, data: unknown, options: AddOptions = NO_OPTIONS): AskedRun {
  const run: AskedRun = { args: argsOf(name, data) };
  if (options === NO_OPTIONS) return run;
  checkKnown('add', options, ADD_OPTIONS);
  const { priority, delay, attempts, backoff, timeout, dedupeKey } = options;
  if (priority !== undefined) run.priority = checkedWhole('priority', priority, 5, 1, ASKED_LIMITS.priority);
  if (delay !== undefined && delay !== 0) run.delayMs = checkedWhole('delay', delay, 0, 0, ASKED_LIMITS.delayMs);
  if (attempts !== undefined) run.attempts = checkedWhole('attempts', attempts, 1, 1, ASKED_LIMITS.attempts);
  if (timeout !== undefined) run.timeoutMs = checkedWhole('timeout', timeout, 0, ASKED_LIMITS.minTimeoutMs, ASKED_LIMITS.timeoutMs);
  if (backoff !== undefined) run.backoff = checkedBackoff(backoff);
  if (dedupeKey !== undefined) run.key = checkedDedupeKey(dedupeKey);
  return run;
}

/** Name and data as the run's arguments. */
export function argsOf(name: string, data: unknown): string {
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME) throw new BadOptionError('name', `a text of 1 to ${MAX_NAME} characters`, name);
  const args = JSON.stringify({ name, data });
  if (args.length > ASKED_LIMITS.args) throw new BadOptionError('data', `JSON of at most ${ASKED_LIMITS.args} characters with the name; this has ${args.length}: store it elsewhere, and add where it is`);
  return args;
}

/** Back to name and data; undefined for what is neither. Never throws. */
export function readArgs(args: string): { name: string; data: unknown } | undefined {
  try {
    const { name, data } = JSON.parse(args) as { name?: unknown; data?: unknown };
    return typeof name === 'string' ? { name, data } : undefined;
  } catch {
    return undefined;
  }
}

/** The name of the job that a dispatched message hands over; '' when there is none. Never throws. */
export function nameInDispatch(text: string): string {
  const plain = PLAIN_NAME.exec(text)?.[1];
  // Through JSON, because a piece of a text keeps all of it in memory.
  if (plain !== undefined) return JSON.parse(`"${plain}"`) as string;
  return readArgs(decodeDispatch(text)?.args ?? '')?.name ?? '';
}

export function checkedBackoff(backoff: Backoff | number): AskedBackoff {
  if (typeof backoff !== 'number' && (typeof backoff !== 'object' || backoff === null)) throw new BadOptionError('backoff', 'milliseconds, or { type, delay, maxDelay }', backoff);
  if (typeof backoff !== 'number') checkKnown('backoff', backoff, BACKOFF);
  const { type, delay, maxDelay } = typeof backoff === 'number' ? { type: 'fixed' as const, delay: backoff, maxDelay: undefined } : backoff;
  if (type !== 'fixed' && type !== 'exponential') throw new BadOptionError('backoff.type', 'fixed or exponential', type);
  const asked: AskedBackoff = { type, delayMs: checkedWhole('backoff.delay', delay, 0, 0, DAY_MS) };
  if (maxDelay !== undefined) asked.maxDelayMs = checkedWhole('backoff.maxDelay', maxDelay, 0, 0, ASKED_LIMITS.backoffMs);
  return asked;
}

export function checkedDedupeKey(key: string): string {
  if (typeof key === 'string' && key.length <= ASKED_LIMITS.key && /^[!-~]+$/.test(key)) return key;
  throw new BadOptionError('dedupeKey', `1 to ${ASKED_LIMITS.key} ASCII characters without spaces`, key);
}
