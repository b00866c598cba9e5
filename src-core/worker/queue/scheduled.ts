import { isName, NAME_PATTERN } from '../../wire/index.ts';
import { BadOptionError, checkedWhole } from '../errors.ts';
import { argsOf, readArgs } from './options.ts';
import type { QueueSettings } from './queue-settings.ts';

/** A job that a queue does by the clock, as task systems on BullMQ keep it in a table. Times in milliseconds. */
export interface ScheduledJob {
  readonly id?: string;
  /** For people; any text. */
  readonly name: string;
  readonly description?: string;
  /** The name under which queue.process knows its handler. */
  readonly handlerName: string;
  /** Five or six fields. */
  readonly cronExpression: string;
  /** IANA name; empty: the scheduler's own zone. Default `Asia/Shanghai`, as in such tables. */
  readonly timezone?: string;
  /** 1 enabled, 0 disabled, 2 paused. Default 1. */
  readonly status?: 0 | 1 | 2;
  readonly payload?: unknown;
  /** Tries in all. Default 3. */
  readonly retryAttempts?: number;
  /** Default 5,000. */
  readonly retryDelay?: number;
  /** Default 30,000. */
  readonly timeout?: number;
  /** 1 to 20. Default 5. */
  readonly priority?: number;
}

/** What of a job's definition, as calls give it, is used here. */
export interface ScheduledDefinition {
  readonly name: string;
  readonly description: string;
  readonly schedule: { readonly expression: string; readonly timezone: string };
  readonly args: unknown;
  readonly retry: { readonly attempts: number; readonly delayMs: number };
  readonly timeoutMs: number;
  readonly priority: number;
  readonly state: 'enabled' | 'disabled' | 'paused';
  readonly tags: readonly string[];
}

const STATES = ['disabled', 'enabled', 'paused'] as const;
const DAY_MS = 86_400_000;
const MOST_DESCRIPTION = 1_024;
const ID_TAG = 'id:';
const NOT_OF_NAMES = /[^A-Za-z0-9_-]+/g;

/** The tag by which the workers of a queue know which jobs of its app are done by its handlers. */
export function queueTag(job: string): string {
  return `queue:${job}`.slice(0, 64);
}

/** The definition for `job.declare`. Throws BadOptionError. */
export function definitionOfScheduled(row: ScheduledJob, { namespace, app, job }: Pick<QueueSettings, 'namespace' | 'app' | 'job'>): Record<string, unknown> {
  const { id, name, description = '', handlerName, cronExpression, timezone = 'Asia/Shanghai', status = 1, payload = {} } = row;
  if (typeof name !== 'string' || name.trim() === '') throw new BadOptionError('name', 'a text', name);
  if (typeof cronExpression !== 'string' || cronExpression.trim() === '') throw new BadOptionError('cronExpression', 'a cron expression', cronExpression);
  const state = STATES[status];
  if (state === undefined) throw new BadOptionError('status', '1 (enabled), 0 (disabled) or 2 (paused)', status);
  return {
    namespace, app, name: jobNameOf(row),
    description: [...`${name}${description === '' ? '' : `\n${description}`}`].slice(0, MOST_DESCRIPTION).join(''),
    schedule: { expression: cronExpression, timezone },
    category: 'standalone', model: 'max', overlap: 'queue', maxRunning: 1,
    args: argsOf(handlerName, payload),
    retry: { attempts: checkedWhole('retryAttempts', row.retryAttempts === 0 ? 1 : row.retryAttempts, 3, 1, 100), backoff: 'fixed', delayMs: checkedWhole('retryDelay', row.retryDelay, 5_000, 0, DAY_MS) },
    timeoutMs: checkedWhole('timeout', row.timeout, 30_000, 100, DAY_MS),
    priority: checkedWhole('priority', row.priority, 5, 1, 20),
    state,
    tags: [queueTag(job), ...(id === undefined ? [] : [`${ID_TAG}${id}`.slice(0, 64)])],
  };
}

/** Back to the form of the table; undefined for a job that is none of a queue's. */
export function scheduledOf(definition: ScheduledDefinition): ScheduledJob | undefined {
  const args = readArgs(typeof definition.args === 'string' ? definition.args : JSON.stringify(definition.args));
  if (args === undefined) return undefined;
  const { schedule, retry, timeoutMs, priority, state, tags } = definition;
  const [name = '', ...description] = definition.description.split('\n');
  const id = tags.find((tag) => tag.startsWith(ID_TAG))?.slice(ID_TAG.length);
  return {
    ...(id === undefined ? {} : { id }), name, description: description.join('\n'), handlerName: args.name, cronExpression: schedule.expression, timezone: schedule.timezone,
    status: STATES.indexOf(state) as 0 | 1 | 2, payload: args.data, retryAttempts: retry.attempts, retryDelay: retry.delayMs, timeout: timeoutMs, priority,
  };
}

/** The same for the same row each time: its name where that can be a job's, else one made of the handler's name and the row's id or name. */
export function jobNameOf({ id, name, handlerName }: Pick<ScheduledJob, 'id' | 'name' | 'handlerName'>): string {
  if (isName(name)) return name;
  const start = String(handlerName).replace(NOT_OF_NAMES, '-').slice(0, 40);
  const made = `${start}-${shortHash(id ?? name)}`;
  if (!isName(made)) throw new BadOptionError('handlerName', `a text of which a name can be made: ${NAME_PATTERN.source}`, handlerName);
  return made;
}

/** FNV-1a, 32 bits, over UTF-16 units. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return hash.toString(36);
}
