import { BoundedCache } from './boundedCache.ts';
import { ScheduleError, quote } from './scheduleError.ts';

/** What one cron field allows. `min` and `max` are inclusive. */
export interface FieldRule {
  /** Name in ScheduleError. */
  readonly field: string;
  /** Name in sentences. */
  readonly label: string;
  readonly min: number;
  readonly max: number;
  /** The rest of the sentence "allowed are …". */
  readonly allowed: string;
  /** Lower-case names that stand for numbers. */
  readonly names?: ReadonlyMap<string, number>;
  /** A second number for `min` (day of week: 7 is Sunday too, so that FRI-SUN and 5-7 are ranges). */
  readonly sunday?: number;
}

interface Reading {
  readonly values: readonly number[];
  readonly warnings: readonly string[];
}

/** Thousands of jobs differ in one field only: a field's text is read once. */
const readings = new BoundedCache<string, Reading>(2048);

/**
 * The sorted values of a list of `*`, `?`, `N`, `A-B`, each with an optional `/S`; `N/S` runs to the
 * field's end. Empty items are dropped and a leading `+` is ignored, as in robfig. A step that
 * leaves only one value is accepted with a warning. Throws ScheduleError naming the field.
 */
export function parseNumbers(rule: FieldRule, text: string, expression: string, warnings: string[]): readonly number[] {
  const key = `${rule.field} ${text}`;
  let reading = readings.get(key);
  if (reading === undefined) {
    reading = readList(rule, text, expression);
    readings.set(key, reading);
  }
  warnings.push(...reading.warnings);
  return reading.values;
}

/** The shortest list of numbers and ranges for sorted values; `*` for all of them when a rule is given. */
export function compressValues(values: readonly number[], rule?: FieldRule): string {
  if (rule !== undefined && values.length === rule.max - rule.min + 1) return '*';
  const items: string[] = [];
  for (let start = 0; start < values.length; ) {
    let end = start;
    while (end + 1 < values.length && values[end + 1] === (values[end] ?? 0) + 1) end += 1;
    items.push(end === start ? `${values[start]}` : `${values[start]}-${values[end]}`);
    start = end + 1;
  }
  return items.join(',');
}

function readList(rule: FieldRule, text: string, expression: string): Reading {
  const values = new Set<number>();
  const warnings: string[] = [];
  for (const item of text.split(',')) {
    if (item !== '') addItem(rule, item, expression, warnings, values);
  }
  if (values.size === 0) throw refuse(rule, text, expression, 'is empty');
  return { values: [...values].sort((a, b) => a - b), warnings };
}

function addItem(rule: FieldRule, item: string, expression: string, warnings: string[], values: Set<number>): void {
  const [range = '', stepText, ...more] = item.split('/');
  if (more.length > 0) throw refuse(rule, item, expression, 'has more than one slash');
  const [from, to] = readRange(rule, range, item, stepText !== undefined, expression);
  const step = stepText === undefined ? 1 : readNumber(stepText);
  if (step === undefined || step < 1) throw refuse(rule, item, expression, 'needs a step that is a whole number from 1');
  for (let value = from; value <= to; value += step) {
    values.add(rule.sunday !== undefined && value === rule.sunday ? rule.min : value);
  }
  if (step > 1 && from < to && from + step > to) {
    warnings.push(`The step of ${quote(item)} in the ${rule.label} field is longer than the field: only ${from} matches.`);
  }
}

function readRange(rule: FieldRule, range: string, item: string, stepped: boolean, expression: string): [number, number] {
  if (range === '*' || range === '?') return [rule.min, rule.max];
  const ends = range.split('-');
  if (ends.length > 2) throw refuse(rule, item, expression, 'has more than one hyphen');
  const from = readValue(rule, ends[0] ?? '', item, expression);
  if (ends.length === 1) return [from, stepped ? Math.max(from, rule.max) : from];
  const last = readValue(rule, ends[1] ?? '', item, expression);
  // Sunday ends the week when something comes before it in the range: FRI-SUN, 5-0 written as names.
  const named = /^[a-z]/i.test(ends[1] ?? '');
  const to = rule.sunday !== undefined && named && last === rule.min && from > last ? rule.sunday : last;
  if (from > to) throw refuse(rule, item, expression, `runs backwards (${from} is after ${to})`);
  return [from, to];
}

function readValue(rule: FieldRule, text: string, item: string, expression: string): number {
  const value = rule.names?.get(text.toLowerCase()) ?? readNumber(text);
  if (value === undefined) throw refuse(rule, item, expression, 'cannot be read');
  if (value < rule.min || value > (rule.sunday ?? rule.max)) throw refuse(rule, item, expression, 'is out of range');
  return value;
}

function readNumber(text: string): number | undefined {
  return /^\+?\d+$/.test(text) ? Number(text) : undefined;
}

function refuse(rule: FieldRule, item: string, expression: string, why: string): ScheduleError {
  return new ScheduleError(
    rule.field,
    expression,
    `The ${rule.label} field: ${quote(item)} ${why}; allowed are ${rule.allowed}, "*", ranges such as 1-5, steps such as */2, and lists with commas.`,
  );
}
