import { InvalidInputError, UnavailableError } from '../domain/errors.ts';
import type { SchedulerPause } from '../domain/pause.ts';
import { isPauseInForce } from '../domain/pause.ts';
import type { Bucket, CancelTimer, PauseView } from '../ports/index.ts';
import { CONTROL_BUCKET, decodePause, encodePause, PAUSE_KEY } from '../wire/index.ts';
import { bucketForPeople } from './bucket-for-people.ts';
import type { EngineContext } from './context.ts';
import { Heeding } from './heeding.ts';

/** What of a pause is told. */
export function pauseView(pause: SchedulerPause | undefined): PauseView | undefined {
  return pause && { since: pause.since, until: pause.until };
}

const TRIES = 10;
const LONGEST_MS = 366 * 24 * 3_600_000;
/** Timers do not reach further than some weeks. */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * The pause of the whole scheduler: one entry of the control bucket, so that every node and the next start know it.
 * Whether it is in force is a question of the time only; the timer here tells those who watch that it has ended.
 */
export class Pauses {
  readonly #context: EngineContext;
  readonly #changed: (inForce: SchedulerPause | undefined) => void;
  readonly #bucket: Bucket;
  readonly #heeding: Heeding;
  #last: SchedulerPause | undefined;
  #cancelEnd: CancelTimer = () => {};

  /** `changed` is told the pause that is in force from now on, or that there is none. */
  constructor(context: EngineContext, changed: (inForce: SchedulerPause | undefined) => void) {
    this.#context = context;
    this.#changed = changed;
    this.#bucket = bucketForPeople(context.bus, CONTROL_BUCKET);
    this.#heeding = new Heeding(context.clock);
  }

  /** The latest pause, over or not. */
  get last(): SchedulerPause | undefined {
    return this.#last;
  }

  /** The one that holds now. */
  get inForce(): SchedulerPause | undefined {
    return this.#last !== undefined && isPauseInForce(this.#last, this.#context.clock.now()) ? this.#last : undefined;
  }

  /** An entry of the bucket, as it is now. */
  apply(key: string, text: string | undefined): void {
    if (key !== PAUSE_KEY) return;
    this.#last = text === undefined ? undefined : decodePause(text);
    this.#changed(this.inForce);
    this.#awaitEnd();
    this.#heeding.look();
  }

  /** Resolves when this node heeds it. A pause in force gets the new end. Rejects with InvalidInputError or UnavailableError. */
  async begin(until: number | undefined): Promise<SchedulerPause> {
    const now = this.#context.clock.now();
    if (until !== undefined && !(until > now && until <= now + LONGEST_MS)) throw new InvalidInputError([{ field: 'until', message: 'must be in the future, at most 366 days from now' }]);
    return this.#write((before) => ({ since: before !== undefined && isPauseInForce(before, now) ? before.since : now, until: until ?? null, resumedAt: null }));
  }

  /** Resolves when this node heeds it, at once when nothing is paused. Rejects with UnavailableError. */
  async end(): Promise<void> {
    const now = this.#context.clock.now();
    await this.#write((before) => (before !== undefined && isPauseInForce(before, now) ? { ...before, resumedAt: Math.max(now, before.since) } : before));
  }

  stop(): void {
    this.#cancelEnd();
  }

  async #write<Wanted extends SchedulerPause | undefined>(change: (before: SchedulerPause | undefined) => Wanted): Promise<Wanted> {
    for (let tries = 0; tries < TRIES; tries++) {
      const entry = await this.#bucket.get(PAUSE_KEY);
      const before = entry && decodePause(entry.text);
      const wanted = change(before);
      if (wanted !== undefined && wanted !== before && (await this.#bucket.compareAndSet(PAUSE_KEY, encodePause(wanted), entry?.revision ?? 0)) === undefined) continue;
      await this.#heeding.until(() => wanted === undefined || (this.#last !== undefined && encodePause(this.#last) === encodePause(wanted)));
      return wanted;
    }
    throw new UnavailableError('Others are pausing and resuming, too; try again.');
  }

  #awaitEnd(): void {
    this.#cancelEnd();
    const until = this.inForce?.until ?? null;
    if (until === null) return;
    this.#cancelEnd = this.#context.clock.after(Math.min(LONGEST_WAIT_MS, Math.max(1, until - this.#context.clock.now())), () => {
      if (this.inForce === undefined) this.#changed(undefined);
      this.#awaitEnd();
    });
  }
}
