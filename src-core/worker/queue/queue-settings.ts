import { checkKnown } from '../common/known-options.ts';
import type { OptionNames } from '../common/known-options.ts';
import { BadOptionError, checkedName, checkedWhole } from '../errors.ts';
import { checkedBackoff } from './options.ts';
import type { Backoff } from './options.ts';

/** What a queue is made of; what is not given stays as it is where the queue exists already. Times in milliseconds. */
export interface QueueDefinition {
  /** Default `app`. */
  readonly namespace?: string;
  /** The queue's workers; a queue should have an app of its own. Default: the queue's name. */
  readonly app?: string;
  /** Of a job that says nothing itself. Default 5. */
  readonly priority?: number;
  /** Tries in all. Default 1. */
  readonly attempts?: number;
  /** Default: fixed, 1,000. */
  readonly backoff?: Backoff | number;
  /** Of one attempt. Default 60,000. */
  readonly timeout?: number;
  /** At most so many jobs begin in each span of time, over all workers. */
  readonly limiter?: { readonly max: number; readonly duration: number };
  /** Jobs that may wait; one more ends as cancelled. Default 1,000,000. */
  readonly maxWaiting?: number;
}

export interface QueueSettings {
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly definition: QueueDefinition;
}

const DAY_MS = 86_400_000;
export const QUEUE_DEFINITION: OptionNames<QueueDefinition> = { namespace: true, app: true, priority: true, attempts: true, backoff: true, timeout: true, limiter: true, maxWaiting: true };
const LIMITER = { max: true, duration: true } as const;
/** As high as a job's queueLimit goes. */
export const MOST_WAITING = 1_000_000;

/** Throws BadOptionError. */
export function settingsOf(name: string, definition: QueueDefinition): QueueSettings {
  const job = checkedName('name', name);
  const settings = {
    namespace: definition.namespace === undefined ? 'app' : checkedName('namespace', definition.namespace),
    app: definition.app === undefined ? job : checkedName('app', definition.app),
    job, definition,
  };
  definitionOf(settings);
  return settings;
}

/** Fields of the job's definition: all of a new one's that differ from a job's defaults, and those that were given. */
export function definitionOf({ definition }: QueueSettings): { whenNew: Record<string, unknown>; given: Record<string, unknown> } {
  const { priority, attempts, backoff, timeout, limiter, maxWaiting } = definition;
  const given: Record<string, unknown> = {};
  if (priority !== undefined) given['priority'] = checkedWhole('priority', priority, 5, 1, 20);
  if (timeout !== undefined) given['timeoutMs'] = checkedWhole('timeout', timeout, 60_000, 100, DAY_MS);
  if (maxWaiting !== undefined) given['queueLimit'] = checkedWhole('maxWaiting', maxWaiting, MOST_WAITING, 1, MOST_WAITING);
  if (attempts !== undefined || backoff !== undefined) given['retry'] = retryOf(attempts, backoff);
  if (limiter !== undefined) given['rate'] = rateOf(limiter);
  return {
    whenNew: { category: 'standalone', model: 'max', overlap: 'queue', maxRunning: 0, queueLimit: MOST_WAITING, description: 'A queue of natsjob/worker' },
    given,
  };
}

function retryOf(attempts: number | undefined, backoff: Backoff | number | undefined): object {
  const { type, delayMs, maxDelayMs } = checkedBackoff(backoff ?? 1_000);
  return { attempts: checkedWhole('attempts', attempts, 1, 1, 100), backoff: type, delayMs, ...(maxDelayMs === undefined ? {} : { maxDelayMs }) };
}

function rateOf(limiter: { readonly max: number; readonly duration: number }): object {
  checkKnown('limiter', limiter, LIMITER);
  const { max, duration } = limiter;
  if (duration === undefined) throw new BadOptionError('limiter.duration', 'given, in milliseconds');
  return { max: checkedWhole('limiter.max', max, 1, 1, 10_000), perMs: checkedWhole('limiter.duration', duration, 1_000, 100, DAY_MS) };
}
