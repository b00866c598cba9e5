import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Dispatch } from '../../wire/index.ts';
import type { WorkerConnection } from '../connection.ts';
import type { Outbox } from '../outbox.ts';
import type { Publisher, Receipt } from '../publisher.ts';
import type { SharedParts } from './shared-parts.ts';
import type { Lane, Slots } from './slots.ts';
import type { Handler } from './types.ts';

/** A run in this worker, as far as its home looks at it. */
export interface HeldTask {
  /** Which run and step this is, '' when others may be the same. */
  readonly key: string;
  /** Where JetStream waits for the acknowledgement, '' for core. */
  readonly reply: string;
}

/** What the runs of one handler need of the worker. */
export interface TaskHome {
  readonly connection: WorkerConnection;
  readonly outbox: Outbox;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly log: Log;
  readonly shared: SharedParts;
  readonly slots: Slots;
  readonly lane: Lane;
  /** Another one after the handler's file was changed. */
  readonly handler: Handler;
  /** The worker's id, as far as an answer has room for it. */
  readonly shortId: string;
  /** The answer of nearly every run. */
  readonly plainSuccess: string;
  failures: number;
  /** False when too many answers wait to be stored. */
  mayAnswer(): boolean;
  sendReport(taskId: string, text: string): void;
  sendFlow(text: string): void;
  /** Second step of a map run that nobody answers. */
  sendNextStep(first: Dispatch, payload: string, receipt: Receipt): void;
  /** Its answer is stored. */
  answered(task: HeldTask): void;
  /** Nothing is left to be done with it. */
  finished(task: HeldTask): void;
}
