/** Which subjects a person may try by hand. They are stricter than NATS: nothing outside of the protocol. */
import { isClientId } from './names.ts';
import { parseReportSubject } from './report.ts';

const MAX_LENGTH = 512;
const MAX_TOKENS = 16;
const ROOTS: ReadonlySet<string> = new Set(['natsjob', 'natsjob-void']);

/** A whole subject under natsjob.job. or natsjob-void.job. */
export function isTrialSubject(subject: string): boolean {
  const tokens = tokensOf(subject);
  return tokens !== undefined && tokens.length >= 3 && tokens[1] === 'job' && tokens.every(isClientId);
}

/** A subject under natsjob. or natsjob-void. with or without wildcards, or that of what is reported of a run. */
export function isWatchSubject(subject: string): boolean {
  if (parseReportSubject(subject) !== undefined) return true;
  const tokens = tokensOf(subject);
  if (tokens === undefined || tokens.length < 2) return false;
  return tokens.every((token, index) => token === '*' || (token === '>' && index === tokens.length - 1) || isClientId(token));
}

function tokensOf(subject: string): string[] | undefined {
  if (subject.length > MAX_LENGTH) return undefined;
  const tokens = subject.split('.', MAX_TOKENS + 1);
  return tokens.length <= MAX_TOKENS && ROOTS.has(tokens[0] ?? '') ? tokens : undefined;
}
