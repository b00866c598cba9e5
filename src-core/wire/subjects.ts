/**
 * Subjects, built from names that the caller has validated (names.ts): nothing is escaped or checked here.
 * Reading them back: parse-subject.ts. Source: `protocol.md`, "Subjects".
 */

/** The five ways a run is handed over; the third token of the subject. */
export type DispatchAction = 'start' | 'pre-start' | 'client-start' | 'group-start' | 'agent-start';

/** Our own events in the stream: what the wire has no message for. */
export type RunEventKind = 'accepted' | 'waiting' | 'no-retry' | 'removed' | 'skips';

/** Sub-run reports, worker → scheduler. */
export const FLOW_SUBJECT = 'natsjob.job.sub-result-flow';
/** Monitor messages as the manuals name the subject; publish monitorSubject(…) beside it. */
export const MONITOR_SUBJECT = 'natsjob.job.monitor';
/** What the Java clients listen to. */
export const MONITOR_WILDCARD = 'natsjob.job.monitor.*.*';
/** Runs of any job that are to go from every view. */
export const REMOVED_WILDCARD = 'natsjob.run.removed.>';
/** Skip counts of many jobs in one message, so there is no job in the subject. */
export const SKIPS_SUBJECT = 'natsjob.run.skips';
export const CANCEL_WILDCARD = 'natsjob.job.cancel.>';
export const RUN_EVENT_WILDCARD = 'natsjob.run.>';

/** Standalone and broadcast, and the second step of map. `isVoid`: core NATS only, nothing stored (lite). */
export function startSubject(ns: string, app: string, job: string, isVoid = false): string {
  return `${root(isVoid)}.job.start.${ns}.${app}.${job}`;
}

/** First step of map. */
export function preStartSubject(ns: string, app: string, job: string, isVoid = false): string {
  return `${root(isVoid)}.job.pre-start.${ns}.${app}.${job}`;
}

/** Ultra: to one named worker. */
export function clientStartSubject(ns: string, app: string, job: string, clientId: string): string {
  return `natsjob.job.client-start.${ns}.${app}.${job}.${clientId}`;
}

/** To one group of workers, which share it by queue subscription. */
export function groupStartSubject(ns: string, app: string, job: string, group: string): string {
  return `natsjob.job.group-start.${ns}.${app}.${job}.${group}`;
}

/** To one of our own agents. */
export function agentStartSubject(ns: string, app: string, job: string, agentId: string): string {
  return `natsjob.job.agent-start.${ns}.${app}.${job}.${agentId}`;
}

/** Asks the worker to stop a run. */
export function cancelSubject(ns: string, app: string, job: string, taskId: string): string {
  return `natsjob.job.cancel.${ns}.${app}.${job}.${taskId}`;
}

/** The second subject of every monitor message. */
export function monitorSubject(ns: string, app: string): string {
  return `natsjob.job.monitor.${ns}.${app}`;
}

/** An event of one job. Skips are not of one job: SKIPS_SUBJECT. */
export function runEventSubject(event: Exclude<RunEventKind, 'skips'>, ns: string, app: string, job: string): string {
  return `natsjob.run.${event}.${ns}.${app}.${job}`;
}

function root(isVoid: boolean): string {
  return isVoid ? 'natsjob-void' : 'natsjob';
}
