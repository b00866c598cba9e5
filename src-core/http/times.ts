import type { Time } from './contract.ts';

/** ISO 8601 with milliseconds and the offset of the server's zone at that moment. */
export function formatTime(at: number): Time {
  const date = new Date(at);
  const offset = -date.getTimezoneOffset();
  // Shifting and printing as UTC gives the local digits without asking for each part.
  const local = offset === 0 ? date : new Date(at + offset * 60_000);
  return local.toISOString().slice(0, -1) + offsetText(offset);
}

/** 0 and undefined mean "not yet". */
export function formatOptionalTime(at: number | undefined | null): Time | null {
  return at ? formatTime(at) : null;
}

/** Epoch milliseconds of an ISO 8601 time with offset, or undefined when the text is not one. */
export function parseTime(text: string): number | undefined {
  const match = PATTERN.exec(text);
  if (!match) return undefined;
  const [, date, time, fraction, offset] = match;
  // In a query a "+" that was not escaped arrives as a space.
  const zone = offset === 'z' ? 'Z' : offset!.replace(' ', '+');
  const millis = (fraction ?? '').slice(0, 3).padEnd(3, '0');
  const at = Date.parse(`${date}T${time}.${millis}${zone}`);
  return Number.isNaN(at) || !daysFit(date!) ? undefined : at;
}

const PATTERN = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+\- ]\d\d:\d\d)$/;

/** Date.parse lets 30 February pass as 2 March. */
function daysFit(date: string): boolean {
  const [year, month, day] = date.split('-').map(Number);
  return day! >= 1 && day! <= new Date(Date.UTC(year!, month!, 0)).getUTCDate();
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const hours = String(Math.floor(size / 60)).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${hours}:${String(size % 60).padStart(2, '0')}`;
}
