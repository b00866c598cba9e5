import type { Failure } from '../remote/dialect.ts';
import { systemFailure } from '../remote/system-failure.ts';

/** By SQLSTATE, or its class. What is not listed is a fault of ours. */
const KINDS: readonly (readonly [codes: RegExp, kind: Failure['kind']])[] = [
  [/^(08|57P0[1-5]|53300|25P03|57P05)/, 'away'],
  [/^(28|3D000|3F000|42501)/, 'refused'],
  [/^(55P03|57014|40001|40P01|25P02)/, 'slow'],
  [/^(53100|53200|53400)/, 'full'],
  [/^25006/, 'read-only'],
  [/^42P01/, 'table-missing'],
  [/^(58|XX)/, 'away'],
];

/** Sentences of the driver that come without a code. */
const LOST = /Connection terminated|not queryable|connection error|timeout expired|Client was closed|Query read timeout/i;
const REFUSED = /does not support SSL|establishing an SSL|SASL|certificate|self.signed/i;

export function explainPostgres(error: unknown): Failure {
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  if (/^[0-9A-Z]{5}$/.test(code)) {
    const known = KINDS.find(([codes]) => codes.test(code));
    if (known !== undefined) return { kind: known[1], code, detail: message };
  }
  const system = systemFailure(error);
  if (system !== undefined) return system;
  if (REFUSED.test(message)) return { kind: 'refused', code: code || 'driver', detail: message };
  return LOST.test(message) ? { kind: 'away', code: code || 'driver', detail: message } : { kind: 'ours', code, detail: message };
}
