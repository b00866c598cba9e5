import { parseCronFields } from './cronFields.ts';
import { CronSchedule } from './cronSchedule.ts';
import { EverySchedule } from './everySchedule.ts';
import { formatLocal, formatWallClock } from './localTime.ts';
import { expandNickname, parseSchedule, splitZone } from './parseSchedule.ts';
import type { Schedule, ScheduleSpec } from './schedule.ts';
import { zoneOf, type OffsetRange, type Zone } from './zone.ts';

/** One coming fire as a person should see it. */
export interface PreviewFire {
  /** Epoch ms. */
  at: number;
  /** The zone's wall clock with its offset: `2026-01-31T09:00:00+08:00`. */
  local: string;
  /** What a change of the clock does to this fire. */
  note?: string;
}

const MAX_COUNT = 1000;
const DAY = 86_400_000;

/**
 * The next `count` fires after `from` (epoch ms) by the very code that fires, and notes on how the
 * text was read. Throws ScheduleError like `parseSchedule`.
 */
export function previewSchedule(spec: ScheduleSpec, options: { from: number; count: number }): { fires: PreviewFire[]; notes: string[] } {
  const schedule = parseSchedule(spec);
  const zone = zoneOf(schedule.timezone);
  const count = Math.min(Math.max(0, Math.floor(options.count)), MAX_COUNT);
  const fires: PreviewFire[] = [];
  let last = options.from;
  for (let at = schedule.next(last); at !== undefined && fires.length < count; at = schedule.next(at)) {
    const note = schedule instanceof CronSchedule ? clockNote(schedule, last, at) : undefined;
    fires.push({ at, local: formatLocal(at, zone.rangeAt(at).offset), ...(note === undefined ? {} : { note }) });
    last = at;
  }
  const notes = [readAs(spec, schedule), ...schedule.warnings];
  const dst = schedule instanceof CronSchedule ? dstNote(schedule, options.from) : undefined;
  if (dst !== undefined) notes.push(dst);
  if (fires.length < count && schedule.kind !== 'manual') notes.push(endNote(schedule, fires.length, zone, options.from));
  return { fires, notes };
}

function readAs(spec: ScheduleSpec, schedule: Schedule): string {
  if (schedule.kind === 'manual') return 'Read as: no schedule, runs by hand only.';
  if (schedule.kind === 'at') return `Read as: once, in ${schedule.timezone} time.`;
  if (schedule instanceof EverySchedule) {
    return `Read as: every ${schedule.periodMs / 1000} seconds, counted from the last enable or edit.`;
  }
  const { body } = splitZone(spec);
  const nickname = expandNickname(body);
  if (nickname !== undefined) return `Read as: ${nickname} (${body.toLowerCase()}), in ${schedule.timezone}.`;
  const { count } = parseCronFields(body);
  const form = count === 5 ? '5-field cron, second 0' : count === 6 ? '6-field cron with seconds' : '7-field cron with seconds and year';
  return `Read as: ${form}, in ${schedule.timezone}.`;
}

function endNote(schedule: Schedule, found: number, zone: Zone, from: number): string {
  if (found > 0) return schedule.kind === 'at' ? 'Fires once.' : 'Nothing fires after that within 28 years.';
  return `Nothing fires after ${formatLocal(from, zone.rangeAt(from).offset)} within 28 years.`;
}

/** Said only where the zone changes its clock within a year of `from`. */
function dstNote(schedule: CronSchedule, from: number): string | undefined {
  if (changesBetween(schedule.zone, from, from + 366 * DAY).length === 0) return undefined;
  if (!schedule.calendar.isFixedTime) {
    return 'Clock changes: follows the wall clock, so jumped-over times do not fire and repeated times fire again.';
  }
  const meaning = {
    once: 'a jumped-over time fires right after the jump, a repeated time fires once',
    skip: 'a jumped-over time does not fire, a repeated time fires once',
    compat: 'a jumped-over time does not fire, a repeated time fires twice (as robfig/cron)',
  };
  return `Clock changes (dst: ${schedule.dst}): ${meaning[schedule.dst]}.`;
}

/** What changes of the clock between the fire before (`last`) and `at` mean for the fire at `at`. */
function clockNote(schedule: CronSchedule, last: number, at: number): string | undefined {
  const { zone, calendar } = schedule;
  const range = zone.rangeAt(at);
  const local = at + range.offset;
  if (at === range.from && schedule.fillsGapBefore(range)) {
    return `${formatWallClock(schedule.missedInGap(range) ?? local)} does not exist (the clock is put forward): fires at the first moment after.`;
  }
  if (local < range.from + range.before) return 'The second time the clock shows this (it was put back).';
  const back = zone.rangeAt(range.to);
  if (local >= range.to + back.offset) {
    const repeats = schedule.next(at) === at + range.offset - back.offset || !calendar.isFixedTime;
    return repeats
      ? 'The clock shows this twice (it is put back): the first of two.'
      : 'The clock shows this twice (it is put back): fires the first time only.';
  }
  if (!calendar.isFixedTime) return undefined;
  const missed = changesBetween(zone, last, at).map((change) => schedule.missedInGap(change));
  const skipped = missed.find((time) => time !== undefined && !schedule.fillsGapBefore(range));
  if (skipped === undefined || schedule.dst === 'once') return undefined;
  return `Before it, ${formatWallClock(skipped)} does not exist (the clock is put forward) and is left out.`;
}

/** The stretches that begin with a change of the clock after `from` and up to `to`. */
function changesBetween(zone: Zone, from: number, to: number): OffsetRange[] {
  const changes: OffsetRange[] = [];
  for (let range = zone.rangeAt(from); range.to <= to; ) {
    range = zone.rangeAt(range.to);
    if (range.offset !== range.before) changes.push(range);
  }
  return changes;
}
