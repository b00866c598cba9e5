import type { JobState } from '../../domain/job.ts';
import { checkKnown } from '../common/known-options.ts';
import type { OptionNames } from '../common/known-options.ts';
import { BadOptionError, checkedName } from '../errors.ts';
import type { Handler, HandlerOptions } from '../run/types.ts';
import type { WireCategory, WireModel } from '../../wire/index.ts';
import type { JobTimes } from './schedules.ts';

/** What a definition has besides its name and its times, in the words of docs/jobs.md. What is not given stays as it is, or has its default. */
export interface JobFields {
  readonly description?: string;
  readonly category?: WireCategory;
  readonly model?: WireModel;
  readonly condition?: '' | 'clientFirst' | 'clientRandom' | 'clientRound' | 'clientMaxWeight';
  /** Text, or what JSON has. */
  readonly args?: unknown;
  readonly maxRunning?: number;
  readonly overlap?: 'skip' | 'queue' | 'replace';
  readonly queueLimit?: number;
  readonly timeoutMs?: number;
  readonly retry?: {
    /** Tries in all. */
    readonly attempts?: number;
    readonly backoff?: 'fixed' | 'exponential';
    readonly delayMs?: number;
    readonly maxDelayMs?: number;
    readonly on?: readonly ('fail' | 'expired')[];
  };
  readonly misfire?: { readonly policy?: 'skip' | 'once' | 'all'; readonly windowMs?: number; readonly max?: number };
  readonly rate?: { readonly max: number; readonly perMs: number } | null;
  readonly priority?: number | 'low' | 'normal' | 'high' | 'critical';
  /** Leave it out unless the code shall undo what people set. */
  readonly state?: JobState;
  readonly tags?: readonly string[];
  readonly owner?: string;
}

export interface DeclaredJob {
  readonly name: string;
  readonly times: JobTimes;
  readonly fields: JobFields;
  readonly handler: Handler;
  readonly worker: HandlerOptions;
}

export interface DeclareOptions extends JobFields {
  /** How runs are handed to the handler. */
  readonly worker?: HandlerOptions;
}

const OPTIONS: OptionNames<DeclareOptions> = {
  description: true, category: true, model: true, condition: true, args: true, maxRunning: true, overlap: true, queueLimit: true, timeoutMs: true, retry: true,
  misfire: true, rate: true, priority: true, state: true, tags: true, owner: true, worker: true,
};

/** A job with what it does: `job('sync-users', every('5s'), handler, { timeoutMs: 60_000 })`. Throws BadOptionError. */
export function job<Payload = unknown, Result = unknown>(name: string, times: JobTimes, handler: Handler<Payload, Result>, options: DeclareOptions = {}): DeclaredJob {
  checkedName('the name of a job', name);
  if (typeof times !== 'object' || times === null || typeof times.expression !== 'string') throw new BadOptionError(`the times of ${name}`, "every('5s'), cron('0 0 2 * * *'), at(date) or byHand()", times);
  if (typeof handler !== 'function') throw new BadOptionError(`the handler of ${name}`, 'a function', handler);
  checkKnown(`job ${name}`, options, OPTIONS);
  const { worker = {}, ...fields } = options;
  const isBroadcast = fields.category === 'broadcast';
  return { name, times, fields, handler: handler as Handler, worker: isBroadcast ? { broadcast: true, ...worker } : worker };
}
