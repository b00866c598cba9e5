/** What can go wrong for a program that uses `natsjob/worker`, one class for each condition. */
import { isName, NAME_PATTERN } from '../wire/index.ts';

/** An option with a value that is not allowed; says which, and what is. */
export class BadOptionError extends Error {
  override readonly name = 'BadOptionError';
  readonly option: string;
  constructor(option: string, allowed: string, given?: unknown) {
    super(`${option} must be ${allowed}${given === undefined ? '' : `, not ${shown(given)}`}.`);
    this.option = option;
  }
}

/** Thrown by a handler: the run fails, and is not tried again whatever its job allows. */
export class NonRetryableError extends Error {
  override readonly name: string = 'NonRetryableError';
}

/** NATS has not stored what it was given. */
export class NotStoredError extends Error {
  override readonly name = 'NotStoredError';
  readonly subject: string;
  constructor(subject: string, reason: string) {
    super(`NATS did not store what was published on ${subject}: ${reason}.`);
    this.subject = subject;
  }
}

/** Reason of a run's signal: a person, or a program, has cancelled the run. */
export class RunCancelledError extends Error {
  override readonly name = 'RunCancelledError';
  readonly taskId: string;
  constructor(taskId: string, reason: string) {
    super(`Run ${taskId} was cancelled${reason === '' ? '' : `: ${reason}`}.`);
    this.taskId = taskId;
  }
}

/** Reason of a run's signal: the run's time is up, the scheduler has ended it. */
export class RunExpiredError extends Error {
  override readonly name = 'RunExpiredError';
  readonly taskId: string;
  constructor(taskId: string) {
    super(`The time of run ${taskId} is up.`);
    this.taskId = taskId;
  }
}

/** Reason of a run's signal: this worker stood still for so long that the run was handed to another one, and it has ended. */
export class RunHandedOnError extends Error {
  override readonly name = 'RunHandedOnError';
  readonly taskId: string;
  constructor(taskId: string) {
    super(`While this worker was away, run ${taskId} was ended elsewhere.`);
    this.taskId = taskId;
  }
}

/** Reason of a run's signal: the worker stops, and does not wait any longer. */
export class WorkerStoppingError extends Error {
  override readonly name = 'WorkerStoppingError';
  constructor() {
    super('The worker stops.');
  }
}

/** A second handler for a job. */
export class HandlerExistsError extends Error {
  override readonly name = 'HandlerExistsError';
  readonly job: string;
  constructor(job: string) {
    super(`There is a handler for job ${job} already.`);
    this.job = job;
  }
}

/** A file of a handlers folder that cannot be used. */
export class BadHandlerFileError extends Error {
  override readonly name = 'BadHandlerFileError';
  readonly file: string;
  constructor(file: string, reason: string, options?: ErrorOptions) {
    super(`${file}: ${reason}`, options);
    this.file = file;
  }
}

/**
 * The connection broke before NATS confirmed a message that is published at most once: it may have been stored or not, and is
 * not sent again.
 */
export class UnconfirmedError extends Error {
  override readonly name = 'UnconfirmedError';
  readonly subject: string;
  constructor(subject: string) {
    super(`Whether NATS stored what was published on ${subject} is not known: the connection broke before it said so.`);
    this.subject = subject;
  }
}

/** A message on a topic of envelopes that is none. Its dead letter says so. */
export class NoEnvelopeError extends Error {
  override readonly name = 'NoEnvelopeError';
  readonly topic: string;
  constructor(topic: string) {
    super(`What came on topic ${topic} is no envelope: JSON with v 1, aggregateId, type, version, at and payload.`);
    this.topic = topic;
  }
}

/** Processes died over it again and again: it is given up without being handled once more. Its dead letter says so. */
export class DeadlyMessageError extends Error {
  override readonly name = 'DeadlyMessageError';
  readonly topic: string;
  constructor(topic: string, deliveries: number) {
    super(`The message was delivered ${deliveries} times, and processes died over it.`);
    this.topic = topic;
  }
}

/** The event bus takes nothing more. */
export class BusStoppedError extends Error {
  override readonly name = 'BusStoppedError';
  readonly client: string;
  constructor(client: string) {
    super(`The event bus of ${client} is stopping.`);
    this.client = client;
  }
}

/** The actor pool takes nothing more. */
export class PoolStoppedError extends Error {
  override readonly name = 'PoolStoppedError';
  readonly pool: string;
  constructor(pool: string) {
    super(`The actor pool ${pool} is stopping.`);
    this.pool = pool;
  }
}

/** The name, if it is a valid one. Throws BadOptionError. */
export function checkedName(option: string, value: unknown): string {
  if (typeof value === 'string' && isName(value)) return value;
  throw new BadOptionError(option, `a name of ${NAME_PATTERN.source.slice(1, -1)}`, value);
}

/** The value, or `missing`. Throws BadOptionError unless it is a whole number from `least` to `most`. */
export function checkedWhole(option: string, value: unknown, missing: number, least: number, most: number): number {
  if (value === undefined) return missing;
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  throw new BadOptionError(option, `a whole number from ${least} to ${most}`, value);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? String(value) : typeof value;
}
