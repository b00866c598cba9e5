import { createInbox } from '@nats-io/transport-node';
import { asUnavailable, isAway, isJetStreamOff } from '../../nats/errors.ts';
import { ASKED_LIMITS, askedRunId, askedSubject, encodeAsked, STREAM } from '../../wire/index.ts';
import type { AskedRun } from '../../wire/index.ts';
import type { WorkerConnection } from '../connection.ts';

export interface AskerOptions {
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  /** Its number: a job that is gone by then makes its runs end as cancelled. */
  readonly jobNumber?: number;
  /** How long an add is tried before it rejects with NotStoredError. */
  readonly giveUpAfterMs: number;
}

/** Messages of a bulk under way at once. */
const MOST_UNDER_WAY = 8;
/** UTF-16 units of the runs of one message, well below what NATS takes in one. */
const MOST_IN_MESSAGE = 200_000;
/** Runs keep the order they were asked in as far as this ahead of the clock; the scheduler believes a minute. */
const MOST_AHEAD_MS = 20_000;
/** The machine's clock was set, or the machine slept. */
const CLOCK_STEP_MS = 5_000;
/** How often a server that is silent or away is asked for its time. */
const AGAIN_MS = 250;

/**
 * Asks for runs by messages to the stream, and knows their ids from the acknowledgements. Each message has an id of its own,
 * so that one that is sent again after a lost connection is still one. Moments are by the server's clock, because the ids
 * are made of them, and grow from run to run, because the scheduler goes by them.
 */
export class Asker {
  readonly #connection: WorkerConnection;
  readonly #options: AskerOptions;
  readonly #subject: string;
  readonly #id = createInbox('q').slice(2);
  #asked = 0;
  #lastAt = 0;
  /** Server's clock minus ours, ms. */
  #skew = 0;
  /** Wall clock minus monotonic clock when the skew was measured. */
  #measuredAt = Number.NaN;

  constructor(connection: WorkerConnection, options: AskerOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#subject = askedSubject(options.namespace, options.app, options.job);
  }

  /** Whether the clock must be compared with the server's before anything is asked for. */
  get needsClock(): boolean {
    const { clock } = this.#connection;
    return !(Math.abs(clock.now() - clock.monotonic() - this.#measuredAt) < CLOCK_STEP_MS);
  }

  /** Waits for NATS for as long as it takes. Rejects with UnavailableError when the connection is closed, or the stream is not to be read. */
  async setClock(): Promise<void> {
    for (;;) {
      await this.#connection.whenConnected();
      try {
        return await this.#measure();
      } catch (error) {
        if (!isAway(error) && !isJetStreamOff(error)) throw asUnavailable(error, `reading ${STREAM}`);
      }
      await new Promise<void>((resolve) => this.#connection.clock.after(AGAIN_MS, resolve));
    }
  }

  async #measure(): Promise<void> {
    const { clock, manager } = this.#connection;
    const before = clock.now();
    const { ts } = await manager.streams.info(STREAM);
    const after = clock.now();
    this.#measuredAt = clock.now() - clock.monotonic();
    const told = ts === undefined ? Number.NaN : Date.parse(ts);
    this.#skew = Number.isNaN(told) ? 0 : leastSkew(told, before, after);
  }

  /** The run's id. Rejects with NotStoredError. */
  ask(run: AskedRun, limitMs: number = this.#options.giveUpAfterMs): Promise<string> {
    const at = this.#momentFor(1);
    const text = this.#encode(at, [run]);
    return new Promise((resolve, reject) => {
      this.#publish(text, { stored: (sequence) => resolve(askedRunId(at, sequence, 0)), refused: reject }, limitMs);
    });
  }

  /** The ids, in the order of the runs. Rejects with the first error; what was stored by then stays asked for. */
  async askAll(runs: readonly AskedRun[], limitMs: number = this.#options.giveUpAfterMs): Promise<string[]> {
    let eachMs = limitMs;
    const ids = new Array<string>(runs.length);
    const underWay = new Set<Promise<void>>();
    for (let from = 0; from < runs.length; ) {
      const to = endOfMessage(runs, from);
      const sending: Promise<void> = this.#askSome(runs, from, to, ids, eachMs).finally(() => underWay.delete(sending));
      // The first error is told below; others that follow it have nobody who waits.
      sending.catch(() => undefined);
      underWay.add(sending);
      from = to;
      if (underWay.size < MOST_UNDER_WAY) continue;
      await Promise.race(underWay);
      // NATS is there: each of the others has all its time.
      eachMs = this.#options.giveUpAfterMs;
    }
    await Promise.all(underWay);
    return ids;
  }

  #askSome(runs: readonly AskedRun[], from: number, to: number, ids: string[], limitMs: number): Promise<void> {
    const at = this.#momentFor(to - from);
    const text = this.#encode(at, runs.slice(from, to));
    return new Promise((resolve, reject) => {
      const stored = (sequence: number): void => {
        for (let index = 0; index < to - from; index++) ids[from + index] = askedRunId(at, sequence, index);
        resolve();
      };
      this.#publish(text, { stored, refused: reject }, limitMs);
    });
  }

  #encode(at: number, runs: AskedRun[]): string {
    const { jobNumber } = this.#options;
    return encodeAsked(jobNumber === undefined ? { at, runs } : { at, job: jobNumber, runs });
  }

  #publish(text: string, receipt: Parameters<WorkerConnection['publisher']['publish']>[2], giveUpAfterMs: number): void {
    this.#connection.publisher.publish(this.#subject, text, receipt, { id: `${this.#id}.${this.#asked++}`, giveUpAfterMs });
  }

  #momentFor(count: number): number {
    const now = this.#connection.clock.now() + this.#skew;
    const at = Math.min(Math.max(now, this.#lastAt), now + MOST_AHEAD_MS);
    this.#lastAt = at + count;
    return at;
  }
}

/**
 * The server told its time somewhere between the two moments. Of all that the clocks may be apart then it is the least: a process that
 * stood still over the answer, on a machine whose clock is right, shall not ask for what is due in the past.
 */
function leastSkew(told: number, before: number, after: number): number {
  return Math.max(told - after, Math.min(0, told - before));
}

function endOfMessage(runs: readonly AskedRun[], from: number): number {
  let length = 0;
  let to = from;
  while (to < runs.length && to - from < ASKED_LIMITS.runs) {
    length += (runs[to]?.args?.length ?? 0) + (runs[to]?.key?.length ?? 0) + 64;
    if (to > from && length > MOST_IN_MESSAGE) break;
    to++;
  }
  return to;
}
