/** Days of a time zone. Pure. A day is written `2026-03-01`. */
import { formatTime, offsetOf } from './format.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const QUARTER_MS = HOUR_MS / 4;

export interface ZonedDay {
  readonly day: string;
  readonly from: number;
  /** The start of the next day. */
  readonly to: number;
}

export function dayOf(ms: number, zone: string): string {
  return formatTime(ms, { language: 'en', zone, hour12: false }, 'day');
}

/** 0–23. */
export function hourOf(ms: number, zone: string): number {
  return Number(formatTime(ms, { language: 'en', zone, hour12: false }, 'clock').slice(0, 2));
}

export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);
}

/** 0 = Monday. */
export function weekdayOf(day: string): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
}

/** Null when it is no day at all. */
export function readDay(text: string | null): string | null {
  if (text === null || !/^\d{4}-\d\d-\d\d$/.test(text)) return null;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text ? null : text;
}

/** The first moment of the day there: 00:00, or later where the clock jumps over it. */
export function startOfDay(day: string, zone: string): number {
  const utc = Date.parse(`${day}T00:00:00Z`);
  let start = utc - offsetMs(utc, zone);
  start = utc - offsetMs(start, zone);
  while (dayOf(start, zone) < day) start += QUARTER_MS;
  while (dayOf(start - QUARTER_MS, zone) >= day) start -= QUARTER_MS;
  return start;
}

export function zonedDay(day: string, zone: string): ZonedDay {
  return { day, from: startOfDay(day, zone), to: startOfDay(addDays(day, 1), zone) };
}

/** `count` days from that one on. */
export function zonedDays(first: string, count: number, zone: string): readonly ZonedDay[] {
  const starts = Array.from({ length: count + 1 }, (_, index) => startOfDay(addDays(first, index), zone));
  return Array.from({ length: count }, (_, index) => ({ day: addDays(first, index), from: starts[index] as number, to: starts[index + 1] as number }));
}

/** How many milliseconds the day is longer than 24 h: the clock was put back; negative: forward. */
export function shiftOf({ from, to }: ZonedDay): number {
  return to - from - DAY_MS;
}

/** The offset of the zone from UTC at that moment. */
export function offsetMs(ms: number, zone: string): number {
  const [, sign = '+', hours = '0', minutes = '0', seconds = '0'] = /([+-])(\d+):(\d+)(?::(\d+))?/.exec(offsetOf(ms, zone)) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
}

/** The width of a bucket, counted from the epoch, of which each of the days is a whole number. */
export function bucketOf(days: readonly ZonedDay[]): number {
  return [DAY_MS, HOUR_MS, HOUR_MS / 2].find((width) => days.every(({ from }) => from % width === 0)) ?? QUARTER_MS;
}
