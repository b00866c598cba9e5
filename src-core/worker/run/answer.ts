/** The text of an answer: what the worker puts at a run's end key. */
import { cutCharacters, encodeEnd, LONG_TEXT, MAX_RESULT_LENGTH, RESULTS_BUCKET, RESULTS_PREFIX, SHORT_TEXT } from '../../wire/index.ts';
import { NonRetryableError } from '../errors.ts';

export interface Extras {
  readonly clientId: string;
  readonly monitorStatus?: string;
  readonly monitorPayload?: string;
}

export interface Outcome {
  /** For the answer's `reason`. */
  readonly reason: string;
  /** The result itself, when the reason has no room for it. */
  readonly report?: unknown;
}

const BUCKET = /^[A-Za-z0-9_-]{1,255}$/;
const KEY = /^[!-)+-=?-~]{1,512}$/;

/** The subject to publish an answer on; undefined when bucket or key are none that can be published to. */
export function answerSubject(bucket: string, key: string): string | undefined {
  if (!KEY.test(key)) return undefined;
  if (bucket === RESULTS_BUCKET) return RESULTS_PREFIX + key;
  return BUCKET.test(bucket) ? `$KV.${bucket}.${key}` : undefined;
}

/** A result as JSON, or what is said in its place. Never throws. */
export function outcomeOf(result: unknown): Outcome {
  if (result === undefined) return { reason: '' };
  let json: string | undefined;
  try {
    json = JSON.stringify(result) as string | undefined;
  } catch (error) {
    return { reason: `the result is no JSON: ${describeFailure(error)}` };
  }
  if (json === undefined) return { reason: '' };
  if (json.length <= LONG_TEXT) return { reason: json };
  const size = `a result of ${json.length} characters`;
  return json.length > MAX_RESULT_LENGTH ? { reason: `${size}, more than the ${MAX_RESULT_LENGTH} that are kept` } : { reason: size, report: result };
}

export function successText(reason: string, extras: Extras): string {
  return encodeEnd({ status: 'success', reason: cutCharacters(reason, LONG_TEXT), ...extras });
}

export function nextText(payload: string, extras: Extras): string {
  return encodeEnd({ status: 'success:next', reason: payload, ...extras });
}

/** `noRetry` is ours: a scheduler that does not know it ignores it. */
export function failText(reason: string, noRetry: boolean, extras: Extras): string {
  return encodeEnd({ status: 'fail', reason: cutCharacters(reason, LONG_TEXT), ...extras, ...(noRetry ? { noRetry: true } : {}) });
}

/** `Name: message`. */
export function describeFailure(error: unknown): string {
  try {
    if (error instanceof Error) return error.message === '' ? error.name : `${error.name}: ${error.message}`;
    return typeof error === 'string' ? error : ((JSON.stringify(error) as string | undefined) ?? String(error));
  } catch {
    return 'something was thrown that says nothing';
  }
}

/** By its name, too: a program may hold two copies of this package. */
export function isNonRetryable(error: unknown): boolean {
  return error instanceof NonRetryableError || (error instanceof Error && error.name === 'NonRetryableError');
}

/** Fits an answer. */
export function shortId(id: string): string {
  return cutCharacters(id, SHORT_TEXT);
}
