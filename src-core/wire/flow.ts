/** A worker's report of a piece of a flow (sub-run). Source: `protocol.md`, "Flow report". */
import type { JsonObject } from './fields.ts';
import { fieldNames, isObject, knownFields, parseForeign } from './fields.ts';
import { numberSource } from './json-scan.ts';
import { isName } from './names.ts';
import { isRunId } from './runid.ts';
import { boundedText, LONG_TEXT, SHORT_TEXT } from './text.ts';
import type { OffsetMinutesAt } from './times.ts';
import { parseStamp } from './times.ts';

export interface FlowReport {
  taskId: string;
  /** Each of these three is a valid name or empty: safe in a subject. */
  namespace: string;
  appName: string;
  jobName: string;
  clientId: string;
  sceneId: string;
  sceneName: string;
  /** The worker's own word. */
  status: string;
  reason: string;
  monitorStatus: string;
  monitorPayload: string;
  /** Epoch ms; missing when the worker gave none (empty, null or 0). */
  startAt?: number;
  endAt?: number;
}

export type FlowResult = { ok: true; report: FlowReport } | { ok: false; problem: string };

/** Longer reports are not read at all. UTF-16 units. */
export const MAX_FLOW_LENGTH = 1_000_000;

const NAMES = ['namespace', 'appName', 'jobName'] as const;
const SHORT = ['clientId', 'sceneId', 'sceneName', 'status', 'monitorStatus'] as const;
const LONG = ['reason', 'monitorPayload'] as const;
const TIMES = ['startAt', 'endAt'] as const;
const FIELDS = fieldNames(['taskId', ...NAMES, ...SHORT, ...LONG, ...TIMES]);

/**
 * Reads a flow report. Field names match without regard to case, unknown fields are ignored, null counts as missing;
 * only `taskId` is required. A taskId written as a number keeps all its digits. Texts are cut by character.
 * Local times are in the zone of `offsetMinutesAt`. Never throws; `problem` is a short sentence for the log.
 */
export function decodeFlow(text: string, offsetMinutesAt: OffsetMinutesAt): FlowResult {
  if (text.length > MAX_FLOW_LENGTH) {
    return bad(`the report has ${text.length} characters, more than the ${MAX_FLOW_LENGTH} that are read`);
  }
  const parsed = parseForeign(text);
  if (parsed === undefined) return bad('the report is not JSON, or has too many values');
  if (!isObject(parsed)) return bad('the report is JSON but not an object');
  const fields = knownFields(parsed, FIELDS);
  if (typeof fields['taskId'] === 'number') {
    // As a double it has lost digits; the text, by now known to be JSON, has them all.
    fields['taskId'] = numberSource(text, 'taskId');
  }
  const { taskId } = fields;
  if (taskId === undefined || taskId === null || taskId === '') return bad('taskId is missing');
  if (typeof taskId !== 'string' || !isRunId(taskId)) return bad('taskId is not a run id of 15 to 19 digits');
  return readReport(taskId, fields, offsetMinutesAt);
}

/** A report as our own workers send it; empty fields are left out. `startAt` and `endAt` are stamps or empty. */
export function encodeFlow(report: Omit<FlowReport, 'startAt' | 'endAt'> & { startAt: string; endAt: string }): string {
  const order = ['taskId', ...NAMES, 'clientId', 'sceneId', 'sceneName', 'status', 'reason', 'monitorStatus', 'monitorPayload', ...TIMES] as const;
  const filled: Record<string, string> = {};
  for (const name of order) if (report[name] !== '') filled[name] = report[name];
  return JSON.stringify(filled);
}

function readReport(taskId: string, fields: JsonObject, offsetMinutesAt: OffsetMinutesAt): FlowResult {
  const report: FlowReport = {
    taskId, namespace: '', appName: '', jobName: '', clientId: '', sceneId: '', sceneName: '',
    status: '', reason: '', monitorStatus: '', monitorPayload: '',
  };
  for (const name of NAMES) {
    const value = fields[name] ?? '';
    if (typeof value !== 'string' || (value !== '' && !isName(value))) return bad(`${name} is not a valid name`);
    report[name] = value;
  }
  for (const name of [...SHORT, ...LONG]) {
    const value = fields[name] ?? '';
    if (typeof value !== 'string') return bad(`${name} is not text`);
    report[name] = boundedText(value, name === 'reason' || name === 'monitorPayload' ? LONG_TEXT : SHORT_TEXT);
  }
  for (const name of TIMES) {
    const value = fields[name] ?? '';
    if (value === '' || value === 0) continue;
    const at = typeof value === 'string' || typeof value === 'number' ? parseStamp(value, offsetMinutesAt) : undefined;
    if (at === undefined) return bad(`${name} is not a time`);
    report[name] = at;
  }
  return { ok: true, report };
}

function bad(problem: string): FlowResult {
  return { ok: false, problem };
}
