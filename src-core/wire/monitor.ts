/** What the scheduler tells listeners when an answer or a report carries a `monitorStatus`. Source: `protocol.md`, "Monitor message". */
import { objectOf, textField } from './fields.ts';

/** All text. `createAt`, a stamp, is spelled so. */
export interface MonitorMessage {
  taskId: string;
  /** Empty when the message is about the run itself. */
  subTaskId: string;
  status: string;
  reason: string;
  monitorStatus: string;
  monitorPayload: string;
  createAt: string;
  namespace: string;
  appName: string;
  jobName: string;
}

/** Publish the text on MONITOR_SUBJECT and on monitorSubject(namespace, appName), once per answer. */
export function encodeMonitor(message: MonitorMessage): string {
  const { taskId, subTaskId, status, reason, monitorStatus, monitorPayload, createAt, namespace, appName, jobName } = message;
  return JSON.stringify({ taskId, subTaskId, status, reason, monitorStatus, monitorPayload, createAt, namespace, appName, jobName });
}

/** For our own listeners: missing fields read as empty; undefined for anything but an object of texts. Never throws. */
export function decodeMonitor(text: string): MonitorMessage | undefined {
  const fields = objectOf(text);
  if (fields === undefined) return undefined;
  const message: MonitorMessage = {
    taskId: '', subTaskId: '', status: '', reason: '', monitorStatus: '', monitorPayload: '',
    createAt: '', namespace: '', appName: '', jobName: '',
  };
  for (const name of Object.keys(message) as (keyof MonitorMessage)[]) {
    const value = textField(fields, name);
    if (value === undefined) return undefined;
    message[name] = value;
  }
  return message;
}
