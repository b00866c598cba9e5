import { ScheduleError, quote } from './scheduleError.ts';

const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  'µs': 1_000n,
  'μs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
};

/** Go's own limit (a signed 64-bit count of nanoseconds), about 292 years. */
const LONGEST = 2n ** 63n - 1n;

/**
 * Milliseconds of a Go duration text such as `1h30m`, `1.5s`, `250ms`, with our own `d` (24 h)
 * and `w` (7 d). Not negative; a fraction of a millisecond stays a fraction.
 * Exact to the nanosecond, like Go's: no rounding of `1.1m`.
 * Throws ScheduleError with field `duration`.
 */
export function parseGoDuration(text: string): number {
  const body = text.startsWith('+') ? text.slice(1) : text;
  if (body === '0') return 0;
  if (text.length > 64 || !/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d|w))+$/.test(body)) {
    throw refuse(text, 'is not a duration: write numbers with units ns, us, ms, s, m, h, d or w, such as "1h30m"');
  }
  let total = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of body.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h|d|w)/g)) {
    const size = NANOSECONDS[unit] ?? 0n;
    total += (BigInt(whole + fraction) * size) / 10n ** BigInt(fraction.length);
  }
  if (total > LONGEST) throw refuse(text, 'is too long: a duration is at most 292 years');
  return Number(total) / 1e6;
}

function refuse(text: string, why: string): ScheduleError {
  return new ScheduleError('duration', text, `${quote(text)} ${why}.`);
}
