import { NotReachedError, UnavailableError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { inTime } from '../common/in-time.ts';
import { chooseConnection } from '../connection.ts';
import type { ConnectionChoice, WorkerConnection } from '../connection.ts';
import { Asker } from './asker.ts';
import { QueueClosedError } from './errors.ts';
import { QueueControl } from './queue-control.ts';
import type { QueueSettings } from './queue-settings.ts';

/** All that needs a connection. */
export interface Reached {
  readonly connection: WorkerConnection;
  readonly isOwn: boolean;
  readonly control: QueueControl;
  readonly asker: Asker;
}

export interface QueueReachOptions {
  readonly name: string;
  readonly choice: ConnectionChoice;
  readonly settings: QueueSettings;
  readonly addLimitMs: number;
  readonly clock: Clock;
}

/** Schedulers come back a moment after NATS does. */
const SCHEDULER_LATE_MS = 10_000;
/** One that is there and gives no answer has ended over it, or has too much to do. Asking twice makes no second queue. */
const NO_ANSWER_MS = 30_000;
const AGAIN_MS = 250;

/**
 * Reaches NATS and makes the queue, once for all calls, for as long as that takes: each call waits as long as it likes, and what is not
 * there yet by then goes on being tried for the next one. What a scheduler refuses is told to those who wait, and tried anew by the next call.
 */
export class QueueReach<All extends Reached> {
  readonly #options: QueueReachOptions;
  readonly #complete: (reached: Reached) => All;
  #reaching: Promise<All> | undefined;
  #open: All | undefined;
  #isGivenUp = false;
  #giveUp: (error: Error) => void = () => undefined;
  readonly #givenUp: Promise<never>;

  constructor(options: QueueReachOptions, complete: (reached: Reached) => All) {
    this.#options = options;
    this.#complete = complete;
    this.#givenUp = new Promise((_, reject) => (this.#giveUp = reject));
    this.#givenUp.catch(() => undefined);
  }

  /** What was reached already. */
  get open(): All | undefined {
    return this.#open;
  }

  /** Rejects with what `tooLate` makes when it takes longer than so many ms; undefined = there is no limit. */
  within(limitMs: number | undefined, tooLate: () => Error): Promise<All> {
    if (this.#isGivenUp) return this.#givenUp;
    this.#reaching ??= this.#reach().catch((error: unknown) => {
      this.#reaching = undefined;
      throw error;
    });
    return this.#open === undefined ? inTime(this.#options.clock, limitMs, this.#reaching, tooLate) : this.#reaching;
  }

  /** What is being reached, if that takes no longer than so many ms; otherwise it is given up, and undefined. */
  async last(graceMs: number): Promise<All | undefined> {
    const reaching = this.#reaching;
    if (reaching === undefined) return undefined;
    const open = this.#open ?? await inTime(this.#options.clock, graceMs, reaching, () => new QueueClosedError(this.#options.name)).catch(() => undefined);
    this.#isGivenUp = true;
    this.#giveUp(new QueueClosedError(this.#options.name));
    // Until its connection is closed, too.
    return open ?? await reaching.catch(() => undefined);
  }

  async #reach(): Promise<All> {
    const { choice, settings, addLimitMs } = this.#options;
    const { connection, isOwn } = await chooseConnection(choice);
    try {
      const control = new QueueControl(connection, settings);
      const jobNumber = await this.#declare(connection, control);
      const asker = new Asker(connection, { ...settings, jobNumber, giveUpAfterMs: addLimitMs });
      await Promise.race([asker.setClock(), this.#givenUp]);
      this.#open = this.#complete({ connection, isOwn, control, asker });
      return this.#open;
    } catch (error) {
      if (isOwn) await connection.close();
      throw error;
    }
  }

  /** The job's number. */
  async #declare(connection: WorkerConnection, control: QueueControl): Promise<number> {
    const { clock } = connection;
    const answerUntil = clock.monotonic() + NO_ANSWER_MS;
    let patientUntil = Number.NEGATIVE_INFINITY;
    for (;;) {
      if (connection.state !== 'connected') {
        await Promise.race([connection.whenConnected(), this.#givenUp]);
        patientUntil = clock.monotonic() + SCHEDULER_LATE_MS;
      }
      try {
        return await Promise.race([control.declare(), this.#givenUp]);
      } catch (error) {
        // Word of a break of the connection may come a moment after its errors.
        await new Promise<void>((resolve) => clock.soon(resolve));
        if (!(error instanceof UnavailableError) || connection.state === 'closed') throw error;
        const until = error instanceof NotReachedError ? patientUntil : Math.max(patientUntil, answerUntil);
        if (connection.state === 'connected' && clock.monotonic() >= until) throw error;
      }
      await Promise.race([new Promise<void>((resolve) => clock.after(AGAIN_MS, resolve)), this.#givenUp]);
    }
  }
}
