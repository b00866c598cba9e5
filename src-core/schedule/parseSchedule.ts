import { ManualSchedule, parseAt } from './atSchedule.ts';
import { parseCronFields } from './cronFields.ts';
import { CronSchedule } from './cronSchedule.ts';
import { parseEvery } from './everySchedule.ts';
import { LocalCalendar } from './localCalendar.ts';
import type { Schedule, ScheduleSpec } from './schedule.ts';
import { ScheduleError, quote } from './scheduleError.ts';
import { zoneOf, type Zone } from './zone.ts';

const MAX_LENGTH = 256;

const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 0 1 1 *'],
  ['@annually', '0 0 0 1 1 *'],
  ['@monthly', '0 0 0 1 * *'],
  ['@weekly', '0 0 0 * * 0'],
  ['@daily', '0 0 0 * * *'],
  ['@midnight', '0 0 0 * * *'],
  ['@hourly', '0 0 * * * *'],
]);

/**
 * Reads a schedule. Pure and bounded: the same answer for the same spec, under 5 ms for any text.
 * Throws ScheduleError and nothing else: for text it cannot read, for an unknown zone, for two zones
 * that differ, and for a cron pattern that never fires. Whether a year or an `@at` time has passed is
 * not its business: ask `next(now)`.
 */
export function parseSchedule(spec: ScheduleSpec): Schedule {
  const { expression } = spec;
  if (expression.length > MAX_LENGTH) {
    throw new ScheduleError('expression', expression, `The expression has ${expression.length} characters; at most ${MAX_LENGTH} are allowed.`);
  }
  if (spec.dst !== 'once' && spec.dst !== 'compat' && spec.dst !== 'skip') {
    throw new ScheduleError('dst', expression, `The dst policy ${typeof spec.dst === 'string' ? quote(spec.dst) : 'that is given'} is not known: use "once", "compat" or "skip".`);
  }
  const { body, zone } = splitZone(spec);
  if (body === '') return new ManualSchedule(zone.name);
  if (body.startsWith('@')) return parseDescriptor(body, spec, zone);
  return parseCron(body, spec, zone);
}

/** The cron fields behind `@daily` and friends, in any case; undefined for any other text. */
export function expandNickname(body: string): string | undefined {
  return NICKNAMES.get(body.toLowerCase());
}

/** Takes a `TZ=` or `CRON_TZ=` prefix off. Throws ScheduleError with field `timezone`. */
export function splitZone(spec: ScheduleSpec): { body: string; zone: Zone } {
  const trimmed = spec.expression.trim();
  const prefix = /^(?:CRON_)?TZ=(\S*)/.exec(trimmed);
  if (prefix === null) return { body: trimmed, zone: zoneOf(spec.timezone) };
  const [whole, name = ''] = prefix;
  const body = trimmed.slice(whole.length).trim();
  if (body === '') {
    throw new ScheduleError('expression', spec.expression, `${quote(trimmed)} names a zone but no schedule: write the fields after it.`);
  }
  if (spec.ownTimezone === true && spec.timezone !== name) {
    throw new ScheduleError(
      'timezone',
      spec.expression,
      `The expression says ${quote(whole)} and the job's time zone says ${quote(spec.timezone)}: keep one of them.`,
    );
  }
  return { body, zone: zoneOf(name) };
}

function parseDescriptor(body: string, spec: ScheduleSpec, zone: Zone): Schedule {
  const fields = expandNickname(body);
  if (fields !== undefined) return parseCron(fields, spec, zone);
  const [, name = '', rest = ''] = /^(@\S*)\s*(.*)$/s.exec(body) ?? [];
  if (name.toLowerCase() === '@every') return parseEvery(rest, spec.expression, spec.anchor, zone.name);
  if (name.toLowerCase() === '@at') return parseAt(rest, spec.expression, zone);
  throw new ScheduleError(
    'expression',
    spec.expression,
    `${quote(body)} is not known: use ${[...NICKNAMES.keys()].join(', ')}, "@every 1h30m" or "@at 2027-01-31T09:00:00+08:00".`,
  );
}

function parseCron(body: string, spec: ScheduleSpec, zone: Zone): Schedule {
  const fields = parseCronFields(body, spec.expression);
  const calendar = new LocalCalendar(fields);
  if (!calendar.everFires()) {
    throw new ScheduleError('expression', spec.expression, `${quote(spec.expression.trim())} never fires: no day of the calendar matches it.`);
  }
  return new CronSchedule(fields.text, calendar, zone, spec.dst, fields.warnings);
}
