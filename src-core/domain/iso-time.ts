import { civilFromDays, daysFromCivil, daysInMonth, MS_PER_DAY } from '../wire/civil.ts';

const SHAPE = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)$/;

/** The first and the last moment with four digits of year in UTC: what can be written can be read. */
const FIRST = daysFromCivil(0, 1, 1) * MS_PER_DAY;
const LAST = daysFromCivil(10_000, 1, 1) * MS_PER_DAY - 1;

/** ISO 8601 with Z or an offset, as epoch ms; undefined for anything else, dates that do not exist included. Fractions of a ms are dropped. */
export function parseIso(text: string): number | undefined {
  const match = SHAPE.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((digits) => Number(digits ?? 0)) as [number, number, number, number, number, number];
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month) || hour > 23 || minute > 59 || second > 59) return undefined;
  const ms = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  const offset = offsetMinutes(match[8] as string);
  if (offset === undefined) return undefined;
  const at = daysFromCivil(year, month, day) * MS_PER_DAY + ((hour * 60 + minute - offset) * 60 + second) * 1000 + ms;
  return at >= FIRST && at <= LAST ? at : undefined;
}

/** Epoch ms as ISO 8601 in UTC. */
export function formatIso(at: number): string {
  const days = Math.floor(at / MS_PER_DAY);
  const { year, month, day } = civilFromDays(days);
  const rest = at - days * MS_PER_DAY;
  const part = (value: number, width: number): string => String(Math.floor(value)).padStart(width, '0');
  return `${part(year, 4)}-${part(month, 2)}-${part(day, 2)}T${part(rest / 3_600_000, 2)}:${part((rest / 60_000) % 60, 2)}:${part((rest / 1000) % 60, 2)}.${part(rest % 1000, 3)}Z`;
}

function offsetMinutes(text: string): number | undefined {
  if (text === 'Z') return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(4, 6));
  if (hours > 14 || minutes > 59) return undefined;
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
