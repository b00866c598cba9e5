/**
 * The message that hands a run to a worker. Field order and spelling are the manual's example; every value is text
 * but `jobRunningCount`. Source: `protocol.md`, "Dispatched message".
 */
import { RESULTS_BUCKET } from './buckets.ts';
import { wholeField, objectOf, textField } from './fields.ts';
import type { WireCategory, WireCondition, WireModel } from './vocabulary.ts';
import { modelIsAnswered } from './vocabulary.ts';

/** What a dispatch says of its job, rendered once per version of the definition. Treat as opaque. */
export interface DispatchTemplate {
  readonly middle: string;
  readonly answered: boolean;
}

export interface DispatchJob {
  namespace: string;
  app: string;
  job: string;
  category: WireCategory;
  model: WireModel;
  condition: WireCondition | '';
}

export interface DispatchRun {
  /** Also on the second step of map: the first step's. */
  taskId: string;
  /** The arguments as a JSON text literal, quotes included: argsLiteral(args), kept per job. */
  argsJson: string;
  /** Stamps of times.ts in the server's zone; `expiresAt` empty for none. */
  createdAt: string;
  expiresAt: string;
  /** Where the worker puts its end, or empty. Ignored, as `expiresAt` is, for lite and plus. */
  endKey: string;
  /** Open runs of the job before this one. */
  runningCount: number;
  /** Fields of ours, left out unless the feature is used: strict clients refuse fields they do not know. */
  attempt?: number;
  priority?: number;
  /** The first attempt's taskId; written together with an attempt above 1 only. */
  rootTaskId?: string;
}

export interface Dispatch {
  taskId: string;
  namespace: string;
  app: string;
  job: string;
  category: string;
  model: string;
  condition: string;
  args: string;
  createdAt: string;
  expiresAt: string;
  endKey: string;
  endBucket: string;
  runningCount: number;
  nextPayload: string;
  attempt: number;
  priority: number;
  rootTaskId?: string;
}

/** A priority nobody chose; not written. */
export const DEFAULT_PRIORITY = 5;

const EMPTY_END = '","jobExpireTime":"","jobEndKvKey":"","jobEndResultKvBucket":"","jobRunningCount":';
const BUCKET_AND_COUNT = `","jobEndResultKvBucket":"${RESULTS_BUCKET}","jobRunningCount":`;

export function dispatchTemplate(job: DispatchJob): DispatchTemplate {
  const fields = [
    ['namespace', job.namespace],
    ['appName', job.app],
    ['jobName', job.job],
    ['jobCategory', job.category],
    ['jobModel', job.model],
    ['condition', job.condition],
  ];
  const text = fields.map(([name, value]) => `"${name}":${JSON.stringify(value)}`).join(',');
  return { middle: `",${text},"jobArgs":`, answered: modelIsAnswered(job.model) };
}

/** The arguments as a JSON text literal, to be kept for as long as the job's arguments stay the same. */
export function argsLiteral(args: string): string {
  return JSON.stringify(args);
}

/** The message of one run. Hot path: values are put together unescaped, so ids, stamps and keys must be ours. */
export function encodeDispatch(template: DispatchTemplate, run: DispatchRun): string {
  let text = '{"taskId":"' + run.taskId + template.middle + run.argsJson + ',"jobCreatedAt":"' + run.createdAt;
  if (!template.answered) {
    text += EMPTY_END;
  } else {
    text += '","jobExpireTime":"' + run.expiresAt + '","jobEndKvKey":"' + run.endKey;
    text += run.endKey === '' ? '","jobEndResultKvBucket":"","jobRunningCount":' : BUCKET_AND_COUNT;
  }
  text += run.runningCount + ',"nextPayload":""';
  if (run.attempt !== undefined && run.attempt > 1) {
    text += ',"attempt":' + run.attempt;
    if (run.rootTaskId !== undefined) text += ',"rootTaskId":"' + run.rootTaskId + '"';
  }
  if (run.priority !== undefined && run.priority !== DEFAULT_PRIORITY) text += ',"priority":' + run.priority;
  return text + '}';
}

/**
 * A dispatch as text back to values; undefined if it is not a JSON object with a text `taskId`, or a known field has
 * another type than the protocol's. Missing and null fields read as empty: a worker that sends its own next step
 * may leave them out. Never throws.
 */
export function decodeDispatch(text: string): Dispatch | undefined {
  const fields = objectOf(text);
  if (fields === undefined) return undefined;
  const taskId = textField(fields, 'taskId');
  const namespace = textField(fields, 'namespace');
  const app = textField(fields, 'appName');
  const job = textField(fields, 'jobName');
  const category = textField(fields, 'jobCategory');
  const model = textField(fields, 'jobModel');
  const condition = textField(fields, 'condition');
  const args = textField(fields, 'jobArgs');
  const createdAt = textField(fields, 'jobCreatedAt');
  const expiresAt = textField(fields, 'jobExpireTime');
  const endKey = textField(fields, 'jobEndKvKey');
  const endBucket = textField(fields, 'jobEndResultKvBucket');
  const runningCount = wholeField(fields, 'jobRunningCount', 0);
  const nextPayload = textField(fields, 'nextPayload');
  const attempt = wholeField(fields, 'attempt', 1);
  const priority = wholeField(fields, 'priority', DEFAULT_PRIORITY);
  const rootTaskId = textField(fields, 'rootTaskId');
  if (
    taskId === undefined || taskId === '' || namespace === undefined || app === undefined || job === undefined ||
    category === undefined || model === undefined || condition === undefined || args === undefined ||
    createdAt === undefined || expiresAt === undefined || endKey === undefined || endBucket === undefined ||
    runningCount === undefined || nextPayload === undefined || attempt === undefined || priority === undefined ||
    rootTaskId === undefined
  ) return undefined;
  const dispatch: Dispatch = {
    taskId, namespace, app, job, category, model, condition, args, createdAt, expiresAt,
    endKey, endBucket, runningCount, nextPayload, attempt, priority,
  };
  if (rootTaskId !== '') dispatch.rootTaskId = rootTaskId;
  return dispatch;
}
