/**
 * Runs asked for by a message that anybody with the right to publish may put into the stream, many in one. The ids of the
 * runs follow from the message alone, so that whoever asked knows them from the acknowledgement. Source: `docs/protocol.md`.
 */
import type { JsonObject } from './fields.ts';
import { isObject, isWhole, objectOf } from './fields.ts';
import { hasFewTokens } from './json-scan.ts';
import { MAX_RUN_ID_MS, MIN_RUN_ID_MS, parseRunId, runIdToText } from './runid.ts';
import { boundedText } from './text.ts';

/** What a run has of its own instead of its job's. Times in milliseconds. */
export interface RunOptions {
  /** While a run of the job with the same key is open, this one is not to be done; 1 to ASKED_LIMITS.key ASCII characters without spaces. */
  key?: string;
  /** Tries in all, 1 to 100. */
  attempts?: number;
  timeoutMs?: number;
  backoff?: AskedBackoff;
}

export interface AskedBackoff {
  type: 'fixed' | 'exponential';
  delayMs: number;
  maxDelayMs?: number;
}

export interface AskedRun extends RunOptions {
  /** Instead of the job's own; at most ASKED_LIMITS.args UTF-16 units. */
  args?: string;
  /** 1 to 20. */
  priority?: number;
  /** Not before so long after it was asked for. */
  delayMs?: number;
}

export interface Asked {
  /** Epoch ms when it was asked for, by the clock of whoever asks, best set by NATS's. */
  at: number;
  /** The job's number, when it is known. */
  job?: number;
  /** 1 to ASKED_LIMITS.runs. */
  runs: AskedRun[];
}

export type AskedResult = ({ ok: true } & Asked) | { ok: false; problem: string };

/** These many of the highest job numbers are no job's: ids of asked runs are made of them. */
export const ASKED_NUMBERS = 65_536;
/** The lowest of them. */
export const ASKED_LANES = 2 ** 21 - ASKED_NUMBERS;
/** `at` may be that far from the moment the stream took the message. */
export const ASKED_SLACK_MS = 60_000;

const DAY_MS = 86_400_000;
/** `length`: UTF-16 units of a message that is read at all. */
export const ASKED_LIMITS = {
  length: 1_048_576, runs: 256, args: 65_536, priority: 20, delayMs: 366 * DAY_MS, attempts: 100, timeoutMs: DAY_MS, minTimeoutMs: 100, backoffMs: 7 * DAY_MS, key: 128,
} as const;
const KEY = /^[!-~]+$/;
/** What 256 runs with all their fields have, twice over. */
const MAX_TOKENS = 8192;

/** Of all their subjects. */
export const ASKED_PREFIX = 'natsjob.run.asked.';

export function askedSubject(ns: string, app: string, job: string): string {
  return `${ASKED_PREFIX}${ns}.${app}.${job}`;
}

/** The body of a message; the caller keeps to ASKED_LIMITS. */
export function encodeAsked({ at, job, runs }: Asked): string {
  return JSON.stringify({ v: 1, at, job, runs });
}

/**
 * Id of the run with that index (from 0) in the message that the stream took in under the sequence. `atMs`: what the message
 * says, or askedMoment's where that is out of bounds. Throws RangeError for a time outside 2020–2089.
 */
export function askedRunId(atMs: number, sequence: number, index: number): string {
  return runIdToText(atMs + index, 1, ASKED_LANES + (sequence % ASKED_NUMBERS));
}

/** The moment that the ids are made of. A clock further than a minute from the server's is not believed. */
export function askedMoment(at: number, storedAt: number): number {
  return Math.abs(at - storedAt) <= ASKED_SLACK_MS ? at : storedAt;
}

/** Whether the id is one that askedRunId makes. */
export function isAskedRunId(id: string): boolean {
  return (parseRunId(id)?.jobNumber ?? 0) >= ASKED_LANES;
}

/** Reads a message; a problem is a short sentence for people. One bad run makes a bad message, or the indexes would mean nothing. Never throws. */
export function decodeAsked(text: string): AskedResult {
  if (text.length > ASKED_LIMITS.length) return bad(`the message has ${text.length} characters, more than the ${ASKED_LIMITS.length} that are read`);
  const fields = text.length <= MAX_TOKENS || hasFewTokens(text, MAX_TOKENS) ? objectOf(text) : undefined;
  if (fields === undefined) return bad('the message is no JSON object, or has too many values');
  const { v, at, job, runs } = fields;
  if (v !== 1) return bad('v is not 1');
  if (!isWhole(at) || at < MIN_RUN_ID_MS || at > MAX_RUN_ID_MS - ASKED_LIMITS.runs) return bad('at is no moment in milliseconds');
  if (!isMissing(job) && !isBetween(job, 1, ASKED_LANES - 1)) return bad('job is no job number');
  if (!Array.isArray(runs) || runs.length === 0 || runs.length > ASKED_LIMITS.runs) return bad(`runs is no list of 1 to ${ASKED_LIMITS.runs}`);
  const read: AskedRun[] = [];
  for (const [index, value] of runs.entries()) {
    const run = isObject(value) ? readRun(value) : 'is no object';
    if (typeof run === 'string') return bad(`runs[${index}] ${run}`);
    read.push(run);
  }
  return isMissing(job) ? { ok: true, at, runs: read } : { ok: true, at, job: job as number, runs: read };
}

/** The options as they are kept with a run: '' for none. */
export function encodeRunOptions({ key, attempts, timeoutMs, backoff }: RunOptions): string {
  return key === undefined && attempts === undefined && timeoutMs === undefined && backoff === undefined ? '' : JSON.stringify({ key, attempts, timeoutMs, backoff });
}

/** How encodeRunOptions begins where there is a key. */
export const RUN_KEY_START = '{"key":"';

const DOUBLE = /^duplicate of (\d{1,19})$/;

/** Why a run with a key was not done: the first attempt of the one that has the key. */
export function doubleReason(id: string): string {
  return `duplicate of ${id}`;
}

/** The run that a reason says it doubles; undefined for any other reason. */
export function doubledIn(reason: string): string | undefined {
  return DOUBLE.exec(reason)?.[1];
}

const NONE: Readonly<RunOptions> = Object.freeze({});
/** Runs of a burst have the same. */
let lastText = '';
let lastOptions = NONE;

/** What encodeRunOptions has written; none for anything else. Never throws. */
export function decodeRunOptions(text: string): Readonly<RunOptions> {
  if (text === '') return NONE;
  if (text !== lastText) {
    lastOptions = Object.freeze(readRunOptions(objectOf(text, 1024)) ?? NONE);
    lastText = text;
  }
  return lastOptions;
}

/** Undefined for what are no options. */
export function readRunOptions(value: unknown): RunOptions | undefined {
  const options: RunOptions = {};
  return isObject(value) && readOptions(value, options) === '' ? options : undefined;
}

/** The run, or what is wrong with it. */
function readRun(fields: JsonObject): AskedRun | string {
  const { args, priority, delayMs } = fields;
  const run: AskedRun = {};
  if (!isMissing(args)) {
    if (typeof args !== 'string') return 'has args that are not text';
    if (args.length > ASKED_LIMITS.args) return `has args of more than ${ASKED_LIMITS.args} characters`;
    run.args = boundedText(args, ASKED_LIMITS.args);
  }
  if (!isMissing(priority)) {
    if (!isBetween(priority, 1, ASKED_LIMITS.priority)) return `has a priority that is none from 1 to ${ASKED_LIMITS.priority}`;
    run.priority = priority;
  }
  if (!isMissing(delayMs)) {
    if (!isBetween(delayMs, 0, ASKED_LIMITS.delayMs)) return 'has a delayMs that is none of up to 366 days';
    run.delayMs = delayMs;
  }
  return readOptions(fields, run) || run;
}

/** What is wrong with them, '' = nothing. */
function readOptions({ key, attempts, timeoutMs, backoff }: JsonObject, into: RunOptions): string {
  if (!isMissing(key)) {
    if (typeof key !== 'string' || key.length > ASKED_LIMITS.key || !KEY.test(key)) return `has a key that is none of 1 to ${ASKED_LIMITS.key} ASCII characters without spaces`;
    into.key = key;
  }
  if (!isMissing(attempts)) {
    if (!isBetween(attempts, 1, ASKED_LIMITS.attempts)) return `has attempts that are none from 1 to ${ASKED_LIMITS.attempts}`;
    into.attempts = attempts;
  }
  if (!isMissing(timeoutMs)) {
    if (!isBetween(timeoutMs, ASKED_LIMITS.minTimeoutMs, ASKED_LIMITS.timeoutMs)) return `has a timeoutMs that is none from ${ASKED_LIMITS.minTimeoutMs} to a day`;
    into.timeoutMs = timeoutMs;
  }
  if (isMissing(backoff)) return '';
  if (!isObject(backoff)) return 'has a backoff that is no object';
  const { type, delayMs, maxDelayMs } = backoff;
  if (type !== 'fixed' && type !== 'exponential') return 'has a backoff that is neither fixed nor exponential';
  if (!isBetween(delayMs, 0, ASKED_LIMITS.backoffMs)) return 'has a backoff whose delayMs is none of up to 7 days';
  if (!isMissing(maxDelayMs) && !isBetween(maxDelayMs, 0, ASKED_LIMITS.backoffMs)) return 'has a backoff whose maxDelayMs is none of up to 7 days';
  into.backoff = isMissing(maxDelayMs) ? { type, delayMs } : { type, delayMs, maxDelayMs: maxDelayMs as number };
  return '';
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

function isBetween(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

function bad(problem: string): AskedResult {
  return { ok: false, problem };
}
