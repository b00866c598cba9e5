/**
 * Our own events in the stream: what the wire has no message for, with all that is needed to go on after a crash.
 * Namespace, app and job stand in the subject. Decoders answer undefined for anything that is not such an event of a
 * version they know, and never throw. Source: `ARCHITECTURE.md`.
 */
import type { Trigger } from '../domain/run.ts';
import { TRIGGERS } from '../domain/run.ts';
import type { RunOptions } from './asked.ts';
import { readRunOptions } from './asked.ts';
import type { JsonObject } from './fields.ts';
import { isObject, isWhole, objectOf } from './fields.ts';
import { isClientId, isGroup, isName } from './names.ts';
import { isRunId } from './runid.ts';

/** One message of a run that has several: to a worker or to a group. */
export interface RunTarget {
  subId: string;
  workerId?: string;
  group?: string;
}

/** A run that exists but is not dispatched yet: it waits for its time (`delayed`) or for its turn (`waiting`). */
export interface RunAccepted {
  v: 1;
  taskId: string;
  jobNumber: number;
  trigger: Trigger;
  /** This try and the most allowed, from 1. */
  attempt: number;
  attempts: number;
  /** Epoch ms: the fire or the request; and the earliest moment to dispatch. */
  scheduledAt: number;
  dueAt: number;
  state: 'delayed' | 'waiting';
  /** The first attempt's id, when this is not the first. */
  rootTaskId?: string;
  /** When present, instead of the job's own. */
  args?: string;
  priority?: number;
  /** The worker that a person chose. */
  workerId?: string;
  targets?: RunTarget[];
  /** What it has of its own instead of its job's. */
  options?: RunOptions;
  /** Epoch ms by which it must be dispatched, if at all. */
  expiresAt?: number;
}

/** Of a delayed run: its time has come, but not its turn. Of an ended one: the attempt it asks for will not be (`no-retry`). */
export interface RunWaiting {
  v: 1;
  taskId: string;
}

/** Ended runs of a job that are to go from every view. */
export interface RunsRemoved {
  v: 1;
  taskIds: string[];
}

/** [jobNumber, namespace, app, job, reason, hour (epoch ms of its start), count, last time (epoch ms)]. */
export type SkipItem = [jobNumber: number, ns: string, app: string, job: string, reason: string, hourMs: number, count: number, lastAtMs: number];

/** Skips of many jobs since the last report: counts to be added. */
export interface SkipReport {
  v: 1;
  items: SkipItem[];
}

const MAX_TARGETS = 10_000;
const MAX_REASON = 64;
const MAX_REMOVED = 10_000;

export function encodeRunAccepted(event: RunAccepted): string {
  return JSON.stringify(event);
}

export function decodeRunAccepted(text: string): RunAccepted | undefined {
  const fields = eventOf(text);
  if (fields === undefined) return undefined;
  const { taskId, jobNumber, trigger, attempt, attempts, scheduledAt, dueAt, state } = fields;
  if (!isTaskId(taskId) || !isWhole(jobNumber) || !TRIGGERS.includes(trigger as Trigger)) return undefined;
  if (!isWhole(attempt) || attempt < 1 || !isWhole(attempts) || !isWhole(scheduledAt) || !isWhole(dueAt)) return undefined;
  if (state !== 'delayed' && state !== 'waiting') return undefined;
  const event: RunAccepted = { v: 1, taskId, jobNumber, trigger: trigger as Trigger, attempt, attempts, scheduledAt, dueAt, state };
  return addOptional(event, fields) ? event : undefined;
}

export function encodeRunWaiting(event: RunWaiting): string {
  return JSON.stringify(event);
}

export function decodeRunWaiting(text: string): RunWaiting | undefined {
  const taskId = eventOf(text)?.['taskId'];
  return isTaskId(taskId) ? { v: 1, taskId } : undefined;
}

export function encodeRunsRemoved(event: RunsRemoved): string {
  return JSON.stringify(event);
}

export function decodeRunsRemoved(text: string): RunsRemoved | undefined {
  const taskIds = eventOf(text)?.['taskIds'];
  return Array.isArray(taskIds) && taskIds.length <= MAX_REMOVED && taskIds.every(isTaskId) ? { v: 1, taskIds } : undefined;
}

export function encodeSkipReport(report: SkipReport): string {
  return JSON.stringify(report);
}

export function decodeSkipReport(text: string): SkipReport | undefined {
  const items = eventOf(text)?.['items'];
  if (!Array.isArray(items) || !items.every(isSkipItem)) return undefined;
  return { v: 1, items };
}

/** Copies the optional fields; false if one has a wrong type. */
function addOptional(event: RunAccepted, fields: JsonObject): boolean {
  const { rootTaskId, args, priority, workerId, targets, options, expiresAt } = fields;
  if (rootTaskId !== undefined) {
    if (!isTaskId(rootTaskId)) return false;
    event.rootTaskId = rootTaskId;
  }
  if (args !== undefined) {
    if (typeof args !== 'string') return false;
    event.args = args;
  }
  if (priority !== undefined) {
    if (!isWhole(priority)) return false;
    event.priority = priority;
  }
  if (workerId !== undefined) {
    if (typeof workerId !== 'string' || !isClientId(workerId)) return false;
    event.workerId = workerId;
  }
  if (targets !== undefined) {
    if (!Array.isArray(targets) || targets.length > MAX_TARGETS || !targets.every(isTarget)) return false;
    event.targets = targets.map(copyTarget);
  }
  if (options !== undefined) {
    const read = readRunOptions(options);
    if (read === undefined) return false;
    event.options = read;
  }
  if (expiresAt !== undefined) {
    if (!isWhole(expiresAt)) return false;
    event.expiresAt = expiresAt;
  }
  return true;
}

function eventOf(text: string): JsonObject | undefined {
  const fields = objectOf(text);
  return fields?.['v'] === 1 ? fields : undefined;
}

function isTaskId(value: unknown): value is string {
  return typeof value === 'string' && isRunId(value);
}

function isTarget(value: unknown): value is RunTarget {
  if (!isObject(value)) return false;
  const { subId, workerId, group } = value;
  return (
    typeof subId === 'string' && isClientId(subId) &&
    (workerId === undefined || (typeof workerId === 'string' && isClientId(workerId))) &&
    (group === undefined || (typeof group === 'string' && isGroup(group)))
  );
}

function copyTarget({ subId, workerId, group }: RunTarget): RunTarget {
  return { subId, ...(workerId === undefined ? {} : { workerId }), ...(group === undefined ? {} : { group }) };
}

function isSkipItem(value: unknown): value is SkipItem {
  if (!Array.isArray(value) || value.length !== 8) return false;
  const [jobNumber, ns, app, job, reason, hourMs, count, lastAtMs] = value as unknown[];
  return (
    isWhole(jobNumber) && isWhole(hourMs) && isWhole(count) && isWhole(lastAtMs) &&
    typeof ns === 'string' && isName(ns) && typeof app === 'string' && isName(app) && typeof job === 'string' && isName(job) &&
    typeof reason === 'string' && reason.length > 0 && reason.length <= MAX_REASON
  );
}
