/** What the stream says to a publish. `transient`: the same message may be taken later. */
export type PublishAck =
  | { readonly kind: 'stored'; readonly sequence: number }
  | { readonly kind: 'refused'; readonly transient: boolean; readonly reason: string; /** JetStream's err_code, 0 if none. */ readonly code: number };

/** err_codes with a 4xx status that pass: no room now, and 10158, the same id from another leader is being stored. */
const TRANSIENT_CODES: ReadonlySet<number> = new Set([10002, 10023, 10028, 10047, 10158]);
const STORED_START = '{"stream":';
const SEQUENCE_MARK = '"seq":';

/** Sequence of `{"stream":"…","seq":N…}`, or 0 if it is anything else. No JSON parser: this runs for every run. */
export function storedSequence(text: string): number {
  if (!text.startsWith(STORED_START)) return 0;
  let at = text.indexOf(SEQUENCE_MARK);
  if (at < 0) return 0;
  at += SEQUENCE_MARK.length;
  let value = 0;
  for (let digit = text.charCodeAt(at) - 48; digit >= 0 && digit <= 9; digit = text.charCodeAt(++at) - 48) value = value * 10 + digit;
  return value;
}

/** The slow way, for answers that storedSequence does not know. `text` '' = the server found nobody to answer. */
export function readAck(text: string): PublishAck {
  if (text === '') return { kind: 'refused', transient: true, reason: 'no stream takes the subject in', code: 0 };
  let answer: { seq?: unknown; error?: { code?: unknown; err_code?: unknown; description?: unknown } };
  try {
    answer = JSON.parse(text) as typeof answer;
  } catch {
    return { kind: 'refused', transient: true, reason: 'an answer that is not JSON', code: 0 };
  }
  if (answer.error === undefined || answer.error === null) {
    const sequence = typeof answer.seq === 'number' ? answer.seq : 0;
    return sequence > 0 ? { kind: 'stored', sequence } : { kind: 'refused', transient: true, reason: 'an answer without a sequence', code: 0 };
  }
  const { code: status, err_code: errCode, description } = answer.error;
  const code = typeof errCode === 'number' ? errCode : 0;
  const transient = (typeof status === 'number' && status >= 500) || TRANSIENT_CODES.has(code);
  return { kind: 'refused', transient, reason: `${String(description)} (${code})`, code };
}
