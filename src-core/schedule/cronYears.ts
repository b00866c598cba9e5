import { ScheduleError, quote } from './scheduleError.ts';

/** The years a schedule is limited to. */
export interface YearSteps {
  /** Normalised text of the field. */
  readonly text: string;
  readonly items: ReadonlyArray<{ readonly from: number; readonly to: number; readonly step: number }>;
}

const FIRST = 1970;
const LAST = 9999;

/** Reads croner's seventh field; undefined for "every year". Throws ScheduleError with field `year`. */
export function parseYears(text: string, expression: string): YearSteps | undefined {
  const items: Array<{ from: number; to: number; step: number }> = [];
  for (const item of text.split(',')) {
    if (item === '') continue;
    const match = /^(?:([*?])|\+?0*(\d{1,4})(?:-\+?0*(\d{1,4}))?)(\/\+?0*(\d{1,4}))?$/.exec(item);
    if (match === null) throw refuse(item, expression);
    const [, star, fromText, toText, stepped, stepText] = match;
    const from = star === undefined ? Number(fromText) : FIRST;
    const open = star !== undefined || (toText === undefined && stepped !== undefined);
    const to = open ? LAST : Number(toText ?? fromText);
    const step = Number(stepText ?? 1);
    if (from < FIRST || from > to || step < 1) throw refuse(item, expression);
    if (star !== undefined && step === 1) return undefined;
    items.push({ from, to, step });
  }
  if (items.length === 0) throw refuse(text, expression);
  items.sort((a, b) => a.from - b.from || a.to - b.to || a.step - b.step);
  const texts = items.map(({ from, to, step }) => `${from}${to === from ? '' : `-${to}`}${step === 1 ? '' : `/${step}`}`);
  return { text: [...new Set(texts)].join(','), items };
}

/** Whether `year` is one of them. */
export function yearMatches(years: YearSteps, year: number): boolean {
  return years.items.some(({ from, to, step }) => year >= from && year <= to && (year - from) % step === 0);
}

function refuse(item: string, expression: string): ScheduleError {
  return new ScheduleError(
    'year',
    expression,
    `The year field: ${quote(item)} cannot be read; allowed are ${FIRST} to ${LAST}, "*", ranges such as 2026-2028, steps such as 2026/2, and lists with commas.`,
  );
}
