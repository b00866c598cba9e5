import type { CancelTimer, Clock } from '../../ports/clock.ts';
import type { AfterFailure } from './failure.ts';
import { Inbox } from './inbox.ts';
import type { PoolCounts } from './pool-counts.ts';

/** What a handler is told beside the message. */
export interface ActorContext {
  /** Which actor of the pool, from 0. */
  readonly actor: number;
  /** Handling of this message within this process, from 1. */
  readonly attempt: number;
  /** Aborts when the pool stops and does not wait any longer. */
  readonly signal: AbortSignal;
}

export type ActorHandler<Message> = (message: Message, context: ActorContext) => unknown;

/** What all actors of a pool have in common. */
export interface ActorSurroundings<Message> {
  readonly clock: Clock;
  readonly counts: PoolCounts;
  readonly signal: AbortSignal;
  create(actor: number): ActorHandler<Message>;
  /** `failedAt`: when it failed, this time included. `delayMs` counts for a redelivery. */
  judge(message: Message, error: unknown, failedAt: readonly number[]): { readonly verdict: AfterFailure; readonly delayMs: number };
  /** May reject: then it is asked again. */
  bury(message: Message, error: unknown, failures: number): Promise<void>;
  /** `outcome`: the message is out of the inbox. Must not throw. */
  onGone(message: Message, outcome: 'done' | 'dropped' | 'dead-letter'): void;
  onRestart(actor: number, error: unknown): void;
  /** An inbox that was full is not any more. Must not throw. */
  onRoom(actor: number): void;
  onBuryFailed(error: unknown): void;
}

interface Letter<Message> {
  readonly message: Message;
  /** Monotonic ms at which it came into the inbox. */
  readonly at: number;
  failedAt: number[] | undefined;
}

const FIRST_BURY_PAUSE_MS = 50;
const MAX_BURY_PAUSE_MS = 5_000;

/**
 * Handles one message after the other. The one in hand stays at the head of the inbox until nothing more will be done with
 * it, so whatever fails, nothing behind it gets past it.
 */
export class Actor<Message> {
  readonly index: number;
  readonly #around: ActorSurroundings<Message>;
  readonly #inbox: Inbox<Letter<Message>>;
  #handler: ActorHandler<Message> | undefined;
  #isBusy = false;
  #isStopped = false;
  #cancelTimer: CancelTimer | undefined;
  #whenEmpty: (() => void)[] = [];

  constructor(index: number, inboxSize: number, around: ActorSurroundings<Message>) {
    this.index = index;
    this.#around = around;
    this.#inbox = new Inbox(inboxSize);
  }

  get depth(): number {
    return this.#inbox.length;
  }

  get hasRoom(): boolean {
    return !this.#inbox.isFull && !this.#isStopped;
  }

  /** False when the inbox is full: nothing was taken. A handler that is free begins at once. */
  offer(message: Message): boolean {
    const { counts, clock } = this.#around;
    if (this.#isStopped || !this.#inbox.push({ message, at: clock.monotonic(), failedAt: undefined })) return false;
    counts.sent++;
    if (!this.#isBusy) this.#work();
    return true;
  }

  /** Resolves when the inbox is empty. */
  drained(): Promise<void> {
    if (this.#inbox.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  /** Begins nothing more. Gives back what is not done, the one in hand first. */
  stop(): Message[] {
    this.#isStopped = true;
    this.#cancelTimer?.();
    return this.#inbox.drain().map(({ message }) => message);
  }

  #work(): void {
    this.#isBusy = true;
    for (;;) {
      const letter = this.#isStopped ? undefined : this.#inbox.peek();
      if (letter === undefined) {
        this.#isBusy = false;
        if (this.#whenEmpty.length > 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
        return;
      }
      let result: unknown;
      try {
        this.#handler ??= this.#around.create(this.index);
        result = this.#handler(letter.message, { actor: this.index, attempt: (letter.failedAt?.length ?? 0) + 1, signal: this.#around.signal });
      } catch (error) {
        this.#fail(letter, error);
        return;
      }
      if (isPromise(result)) {
        result.then(() => this.#finish(letter), (error: unknown) => this.#fail(letter, error));
        return;
      }
      this.#leave(letter, 'done');
    }
  }

  #finish(letter: Letter<Message>): void {
    if (this.#isStopped) return;
    this.#leave(letter, 'done');
    this.#work();
  }

  #fail(letter: Letter<Message>, error: unknown): void {
    if (this.#isStopped) return;
    const { clock, counts } = this.#around;
    (letter.failedAt ??= []).push(clock.monotonic());
    counts.failed++;
    this.#handler = undefined;
    counts.restarts[this.index]! += 1;
    this.#around.onRestart(this.index, error);
    const { verdict, delayMs } = this.#around.judge(letter.message, error, letter.failedAt);
    if (verdict === 'redeliver') this.#later(delayMs, () => this.#work());
    else if (verdict === 'drop') {
      this.#leave(letter, 'dropped');
      this.#work();
    } else void this.#bury(letter, error, FIRST_BURY_PAUSE_MS);
  }

  /** Until it has worked: a message that is neither handled nor kept as a dead letter would be lost. */
  async #bury(letter: Letter<Message>, error: unknown, pauseMs: number): Promise<void> {
    try {
      await this.#around.bury(letter.message, error, letter.failedAt?.length ?? 0);
    } catch (reason) {
      if (this.#isStopped) return;
      this.#around.onBuryFailed(reason);
      this.#later(pauseMs, () => void this.#bury(letter, error, Math.min(pauseMs * 2, MAX_BURY_PAUSE_MS)));
      return;
    }
    if (this.#isStopped) return;
    this.#around.counts.deadLetters++;
    this.#leave(letter, 'dead-letter');
    this.#work();
  }

  #leave(letter: Letter<Message>, outcome: 'done' | 'dropped' | 'dead-letter'): void {
    const { counts, clock } = this.#around;
    const wasFull = this.#inbox.isFull;
    this.#inbox.shift();
    if (outcome === 'done') counts.processed++;
    counts.observeLatency(clock.monotonic() - letter.at);
    this.#around.onGone(letter.message, outcome);
    if (wasFull) this.#around.onRoom(this.index);
  }

  #later(delayMs: number, action: () => void): void {
    this.#cancelTimer = this.#around.clock.after(delayMs, () => {
      this.#cancelTimer = undefined;
      if (!this.#isStopped) action();
    });
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
