/**
 * What a worker tells of a run while it goes on, and its result when that is too long for the answer: messages of a stream of
 * their own, by run, which change nothing of it. Anybody may publish there, so reading takes nothing for granted.
 */
import { isObject, isWhole } from './fields.ts';
import { isName } from './names.ts';
import { isRunId } from './runid.ts';
import { cutCharacters } from './text.ts';

export const REPORTS_STREAM = 'natsjob-reports';
export const REPORTS_SUBJECTS: readonly string[] = ['natsjob-report.>'];

/** Of one run; older ones go. */
export const REPORTS_KEPT = 1_000;
/** Characters of a line. */
export const MAX_LOG_TEXT = 4_096;
/** Of its JSON, UTF-16 units. */
export const MAX_PROGRESS_LENGTH = 1_024;
export const MAX_RESULT_LENGTH = 256 * 1_024;

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `at`: epoch ms by the worker's clock. */
export type Report =
  | { readonly kind: 'log'; readonly at: number; readonly level: LogLevel; readonly text: string }
  /** 0–100, or a small JSON value of the worker's own. */
  | { readonly kind: 'progress'; readonly at: number; readonly progress: unknown }
  | { readonly kind: 'result'; readonly at: number; readonly value: unknown };

const LONG_RESULT = /^a result of \d+ characters$/;

/** Whether an answer's reason says that the result itself was reported, being too long for it. */
export function isLongResult(reason: string): boolean {
  return LONG_RESULT.test(reason);
}

export interface ReportAddress {
  readonly ns: string;
  readonly app: string;
  readonly job: string;
  readonly taskId: string;
}

/** Names and id must be valid. */
export function reportSubject(ns: string, app: string, job: string, taskId: string): string {
  return `natsjob-report.${ns}.${app}.${job}.${taskId}`;
}

/** Undefined for anything that is not exactly a subject of reportSubject. */
export function parseReportSubject(subject: string): ReportAddress | undefined {
  const [root, ns = '', app = '', job = '', taskId = '', ...more] = subject.split('.', 6);
  return root === 'natsjob-report' && more.length === 0 && isName(ns) && isName(app) && isName(job) && isRunId(taskId) ? { ns, app, job, taskId } : undefined;
}

/** A long line is cut. Undefined for a progress or result that JSON does not have or that is too long: it cannot be reported. */
export function encodeReport(report: Report): string | undefined {
  const { at } = report;
  if (report.kind === 'log') return JSON.stringify({ v: 1, at, kind: 'log', level: report.level, text: cutCharacters(report.text, MAX_LOG_TEXT) });
  const [name, value, most] = report.kind === 'progress' ? ['progress', report.progress, MAX_PROGRESS_LENGTH] as const : ['value', report.value, MAX_RESULT_LENGTH] as const;
  const json = jsonOf(value);
  return json === undefined || json.length > most ? undefined : `{"v":1,"at":${at},"kind":"${report.kind}","${name}":${json}}`;
}

/** Undefined for what is no report. Never throws. */
export function decodeReport(text: string): Report | undefined {
  if (text.length > MAX_RESULT_LENGTH + 1_024) return undefined;
  const fields = parse(text);
  if (!isObject(fields) || fields['v'] !== 1 || !isWhole(fields['at'])) return undefined;
  const { at } = fields;
  switch (fields['kind']) {
    case 'log': {
      const { level, text: line } = fields;
      return typeof line === 'string' && isLevel(level) ? { kind: 'log', at, level, text: cutCharacters(line, MAX_LOG_TEXT) } : undefined;
    }
    case 'progress':
      return Object.hasOwn(fields, 'progress') && text.length <= MAX_PROGRESS_LENGTH + 1_024 ? { kind: 'progress', at, progress: fields['progress'] } : undefined;
    case 'result':
      return Object.hasOwn(fields, 'value') ? { kind: 'result', at, value: fields['value'] } : undefined;
    default:
      return undefined;
  }
}

function isLevel(value: unknown): value is LogLevel {
  return (LOG_LEVELS as readonly unknown[]).includes(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Undefined also for what JSON has no word for, and for what refers to itself. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value) as string | undefined;
  } catch {
    return undefined;
  }
}
