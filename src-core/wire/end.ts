/** The end of a run: what the worker, or the leader, writes at the run's end key. Source: `protocol.md`, "End of a run". */
import type { JsonObject } from './fields.ts';
import { fieldNames, isObject, knownFields, parseForeign } from './fields.ts';
import { boundedText, cutCharacters, LONG_TEXT, SHORT_TEXT } from './text.ts';

export type EndStatus = 'success' | 'fail' | 'success:next' | 'expired' | 'cancelled';

export interface End {
  status: EndStatus;
  reason: string;
  monitorStatus: string;
  monitorPayload: string;
  clientId: string;
  /** The worker says that another attempt makes no sense. */
  noRetry?: true;
  /** Only of the leader's ends: the step of the run that had been sent, or was on its way, when it wrote the end; 0 = none. */
  step?: number;
}

export interface EndRules {
  /** True for a `pre-end` key: only the first step of map may ask for its next. */
  allowNext: boolean;
  /** True if the message carries a term that the caller accepts: only the leader expires and cancels. */
  fromLeader: boolean;
}

/** A bad answer's `problem` is a short sentence for people; the run stays open. */
export type EndResult = ({ ok: true } & End) | { ok: false; problem: string };

/** Longer answers are not read at all. UTF-16 units. */
export const MAX_END_LENGTH = 1_000_000;

const STATUSES: readonly string[] = ['success', 'fail', 'success:next', 'expired', 'cancelled'];
const LONGEST_BARE = 64;
const OBJECT_START = /^[ \t\r\n]*\{/;
const FIELDS = fieldNames(['status', 'reason', 'monitorStatus', 'monitorPayload', 'clientId', 'noRetry']);
const EXACT_FIELDS: ReadonlySet<string> = new Set(FIELDS.values());

/**
 * Reads an answer: a JSON object or one of the bare texts `success`, `fail`, `success:next` (white space around it is
 * ignored). Null fields count as missing, unknown fields are ignored, names match without regard to case; fields of
 * another type than text make a bad answer. Long texts are cut by character. Never throws.
 */
export function decodeEnd(text: string, rules: EndRules): EndResult {
  if (text.length > MAX_END_LENGTH) {
    return bad(`the answer has ${text.length} characters, more than the ${MAX_END_LENGTH} that are read`);
  }
  const bare = text.length <= LONGEST_BARE ? text.trim() : '';
  if (bare === 'success' || bare === 'fail' || bare === 'success:next') return decodeBare(bare, rules);
  if (text === '') return bad('the answer is empty');
  // Nonsense is told by its first character: a parser's exception costs ten times as much.
  if (!OBJECT_START.test(text)) return bad('the answer is neither a JSON object nor one of success, fail, success:next');
  const parsed = parseForeign(text);
  if (!isObject(parsed)) return bad('the answer is not valid JSON, or has too many values');
  const fields = hasOnlyExactNames(parsed) ? parsed : knownFields(parsed, FIELDS);
  const { status } = fields;
  if (status === undefined || status === null || status === '') return bad('status is missing');
  if (typeof status !== 'string') return bad('status is not text');
  const problem = statusProblem(status, rules);
  if (problem !== undefined) return bad(problem);
  const reason = boundedField(fields, 'reason', LONG_TEXT);
  if (reason === undefined) return bad('reason is not text');
  const monitorStatus = boundedField(fields, 'monitorStatus', SHORT_TEXT);
  if (monitorStatus === undefined) return bad('monitorStatus is not text');
  const monitorPayload = boundedField(fields, 'monitorPayload', LONG_TEXT);
  if (monitorPayload === undefined) return bad('monitorPayload is not text');
  const clientId = boundedField(fields, 'clientId', SHORT_TEXT);
  if (clientId === undefined) return bad('clientId is not text');
  const end = { ok: true as const, status: status as EndStatus, reason, monitorStatus, monitorPayload, clientId };
  const step = rules.fromLeader ? fields['step'] : undefined;
  if (!isStep(step) && fields['noRetry'] !== true) return end;
  return { ...end, ...(isStep(step) ? { step } : {}), ...(fields['noRetry'] === true ? { noRetry: true } : {}) };
}

/** An end as the leader, or a worker, writes it; empty fields are left out: `{"status":"expired","step":1}`. */
export function encodeEnd(end: { status: EndStatus } & Partial<Omit<End, 'status'>>): string {
  const { status, reason, monitorStatus, monitorPayload, clientId, noRetry, step } = end;
  return JSON.stringify({
    status,
    reason: reason || undefined,
    monitorStatus: monitorStatus || undefined,
    monitorPayload: monitorPayload || undefined,
    clientId: clientId || undefined,
    noRetry: noRetry || undefined,
    step,
  });
}

function isStep(value: unknown): value is number {
  return value === 0 || value === 1 || value === 2 || value === 3;
}

function decodeBare(status: EndStatus, rules: EndRules): EndResult {
  const problem = statusProblem(status, rules);
  if (problem !== undefined) return bad(problem);
  return { ok: true, status, reason: '', monitorStatus: '', monitorPayload: '', clientId: '' };
}

function statusProblem(status: string, rules: EndRules): string | undefined {
  if (!STATUSES.includes(status)) return `status ${JSON.stringify(cutCharacters(status, SHORT_TEXT))} is none of success, fail, success:next`;
  if (status === 'success:next' && !rules.allowNext) return 'success:next is for the first step of a map run only';
  if ((status === 'expired' || status === 'cancelled') && !rules.fromLeader) return `only the scheduler may answer ${status}`;
  return undefined;
}

/** True if no name needs folding: the common case, which then costs no second object. */
function hasOnlyExactNames(object: JsonObject): boolean {
  for (const key in object) {
    if (!EXACT_FIELDS.has(key) && FIELDS.has(key.toLowerCase())) return false;
  }
  return true;
}

function boundedField(fields: JsonObject, name: string, max: number): string | undefined {
  const value = fields[name];
  if (typeof value === 'string') return boundedText(value, max);
  return value === undefined || value === null ? '' : undefined;
}

function bad(problem: string): EndResult {
  return { ok: false, problem };
}
