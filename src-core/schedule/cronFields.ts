import { parseYears, type YearSteps } from './cronYears.ts';
import { compressValues, parseNumbers, type FieldRule } from './cronNumbers.ts';
import { ScheduleError, quote } from './scheduleError.ts';

/** A cron expression after reading: numbers only, sorted, without names, blanks or doubtful spellings. */
export interface CronFields {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** 1 to 12. */
  readonly months: readonly number[];
  /** Day of month as croner reads it; exactly `*` when the field leaves the choice to the other day field. */
  readonly dayOfMonth: string;
  /** Day of week as croner reads it, 0 = Sunday; exactly `*` as above. */
  readonly dayOfWeek: string;
  /** Undefined when every year is allowed. */
  readonly years: YearSteps | undefined;
  /** One spelling for all expressions that mean the same: part of the schedule's key. */
  readonly text: string;
  /** How many fields were written: 5, 6 or 7. */
  readonly count: 5 | 6 | 7;
  readonly warnings: readonly string[];
}

/** Shared, because 100,000 empty lists are not free. */
const NONE: readonly string[] = Object.freeze([]);

const MONTHS = namesFrom(1, 'jan feb mar apr may jun jul aug sep oct nov dec');
const WEEKDAYS = namesFrom(0, 'sun mon tue wed thu fri sat');

const SECOND: FieldRule = { field: 'second', label: 'second', min: 0, max: 59, allowed: '0 to 59' };
const MINUTE: FieldRule = { field: 'minute', label: 'minute', min: 0, max: 59, allowed: '0 to 59' };
const HOUR: FieldRule = { field: 'hour', label: 'hour', min: 0, max: 23, allowed: '0 to 23' };
const DAY_OF_MONTH: FieldRule = {
  field: 'dayOfMonth', label: 'day of month', min: 1, max: 31, allowed: '1 to 31, L, LW or a nearest weekday such as 15W',
};
const MONTH: FieldRule = {
  field: 'month', label: 'month', min: 1, max: 12, allowed: '1 to 12 or jan to dec', names: MONTHS,
};
const DAY_OF_WEEK: FieldRule = {
  field: 'dayOfWeek', label: 'day of week', min: 0, max: 6, allowed: '0 to 7 or sun to sat, a last one such as 5L, or an nth such as 5#2', names: WEEKDAYS, sunday: 7,
};

/**
 * Reads 5, 6 or 7 blank-separated cron fields the way robfig/cron v3 does, plus croner's `L`, `LW`,
 * `nW`, `5L`, `5#2` and a year. Throws ScheduleError that names the field and what it allows; its
 * `expression` is the second argument, the text as the user gave it.
 */
export function parseCronFields(body: string, expression: string = body): CronFields {
  const parts = body.trim().split(/\s+/);
  const count = parts.length;
  if (count !== 5 && count !== 6 && count !== 7) {
    throw new ScheduleError(
      'expression',
      expression,
      `${quote(body)} has ${count} field${count === 1 ? '' : 's'}: write 6 (second minute hour day-of-month month day-of-week), 5 without the second, or 7 with a year at the end.`,
    );
  }
  if (count === 5) parts.unshift('0');
  const [second = '', minute = '', hour = '', dom = '', month = '', dow = '', year = '*'] = parts;
  const warnings: string[] = [];
  const seconds = parseNumbers(SECOND, second, expression, warnings);
  const minutes = parseNumbers(MINUTE, minute, expression, warnings);
  const hours = parseNumbers(HOUR, hour, expression, warnings);
  const dayOfMonth = parseDays(DAY_OF_MONTH, dom, expression, warnings, readMonthDay);
  const months = parseNumbers(MONTH, month, expression, warnings);
  const dayOfWeek = parseDays(DAY_OF_WEEK, dow, expression, warnings, readWeekday);
  const years = parseYears(year, expression);
  const text = [
    compressValues(seconds, SECOND),
    compressValues(minutes, MINUTE),
    compressValues(hours, HOUR),
    dayOfMonth,
    compressValues(months, MONTH),
    dayOfWeek,
    ...(years === undefined ? [] : [years.text]),
  ].join(' ');
  return { seconds, minutes, hours, months, dayOfMonth, dayOfWeek, years, text, count, warnings: warnings.length === 0 ? NONE : warnings };
}

/**
 * A day field as croner should see it. robfig marks a field as "any day" when one item of its list
 * is a plain star (`*`, `?`, also with a step of 1), and then the other day field alone decides.
 * A list of all its numbers is not a star: with both fields restricted, either matches.
 */
function parseDays(
  rule: FieldRule,
  text: string,
  expression: string,
  warnings: string[],
  readSpecial: (item: string) => string | undefined,
): string {
  const specials = new Set<string>();
  const plain: string[] = [];
  let star = false;
  for (const item of text.split(',')) {
    if (/^[*?](?:\/\+?0*1)?$/.test(item)) star = true;
    const special = readSpecial(item);
    if (special === undefined) plain.push(item);
    else specials.add(special);
  }
  const needsNumbers = specials.size === 0 || plain.some((item) => item !== '');
  const numbers = needsNumbers ? parseNumbers(rule, plain.join(','), expression, warnings) : [];
  if (star) return '*';
  if (specials.has('LW') && specials.size + numbers.length > 1) {
    throw new ScheduleError(rule.field, expression, `The ${rule.label} field ${quote(text)} mixes LW with other days: LW stands alone.`);
  }
  const listed = numbers.length === 0 ? [] : [compressValues(numbers)];
  return [...listed, ...[...specials].sort()].join(',');
}

function readMonthDay(item: string): string | undefined {
  const upper = item.toUpperCase();
  if (upper === 'L' || upper === 'LW') return upper;
  const weekday = /^\+?0*(\d{1,2})W$/.exec(upper);
  const day = Number(weekday?.[1] ?? 0);
  return day >= 1 && day <= 31 ? `${day}W` : undefined;
}

function readWeekday(item: string): string | undefined {
  const match = /^(?:\+?0*([0-7])|([a-z]{3}))(?:#([1-5])|#?(L))$/i.exec(item);
  if (match === null) return undefined;
  const [, digits, name = '', nth] = match;
  const day = digits === undefined ? WEEKDAYS.get(name.toLowerCase()) : Number(digits) % 7;
  if (day === undefined) return undefined;
  return nth === undefined ? `${day}L` : `${day}#${nth}`;
}

function namesFrom(first: number, names: string): ReadonlyMap<string, number> {
  return new Map(names.split(' ').map((name, index) => [name, first + index]));
}
