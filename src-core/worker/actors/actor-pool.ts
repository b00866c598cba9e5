import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { machineClock } from '../clock.ts';
import { checkKnown, checkLog } from '../common/known-options.ts';
import type { OptionNames } from '../common/known-options.ts';
import { BadOptionError, PoolStoppedError, checkedName, checkedWhole } from '../errors.ts';
import { silentLog } from '../silent-log.ts';
import { Actor } from './actor.ts';
import type { ActorHandler } from './actor.ts';
import { afterFailure, defaultRestartDelay, recentFailures } from './failure.ts';
import type { AfterFailure } from './failure.ts';
import { PoolCounts } from './pool-counts.ts';
import { registerPoolMetrics } from './pool-metrics.ts';
import type { MetricsRegistry } from './pool-metrics.ts';
import { actorOf } from './route.ts';

/** A message that was given up, and why. */
export interface DeadLetter<Message> {
  readonly message: Message;
  readonly error: unknown;
  /** Handlings that failed, in this process. */
  readonly failures: number;
}

export interface ActorPoolOptions<Message> {
  /** Stands in the names of the metrics. Letters, digits, `_` and `-`. */
  readonly name: string;
  /** One of the two: a handler that all actors share, or what makes one for each actor, anew at each restart. */
  readonly handler?: ActorHandler<Message>;
  readonly createHandler?: (actor: number) => ActorHandler<Message>;
  /** Default 256. */
  readonly actors?: number;
  /** Messages that wait for one actor, the one in hand included. Default 1,000. */
  readonly inboxSize?: number;
  /** Restarts by one message within the window before it is a dead letter. Default 3. */
  readonly maxRestarts?: number;
  /** Default 60,000. */
  readonly restartWindowMs?: number;
  /** Pause before a redelivery, given the failures within the window. Default 10, 20, 40 … 1,000 ms. */
  readonly restartDelayMs?: (failures: number) => number;
  /** What becomes of a message that failed, instead of restarts up to the limit. `failures`: within the window. */
  readonly onFailure?: (message: Message, error: unknown, failures: number) => AfterFailure;
  /** Called until it does not reject; the actor waits. Default: the log. */
  readonly onDeadLetter?: (letter: DeadLetter<Message>) => void | Promise<void>;
  /** Told of each message that needs no more. Must not throw. */
  readonly onGone?: (message: Message, outcome: 'done' | 'dropped' | 'dead-letter') => void;
  /** A registry of prom-client. */
  readonly registry?: MetricsRegistry;
  readonly log?: Log;
  /** For tests. */
  readonly clock?: Clock;
}

export interface ActorPoolFigures {
  readonly sent: number;
  readonly processed: number;
  readonly failed: number;
  readonly restarted: number;
  readonly deadLetters: number;
  readonly inboxFull: number;
  /** Messages in all inboxes. */
  readonly waiting: number;
}

/** Actors, each with an inbox. Messages of one key go to the same actor and are handled one after the other, in order. */
export interface ActorPool<Message> {
  readonly name: string;
  readonly actors: number;
  /** False when the inbox is full: the message was not taken. Without a key the next actor that has room takes it. */
  offer(message: Message, key?: string): boolean;
  /** Resolves when the message is in an inbox; waits for room, in the order of the calls. Rejects with PoolStoppedError. */
  send(message: Message, key?: string): Promise<void>;
  /** As send(), but undefined when the message is in an inbox at once: most of them need no promise. */
  take(message: Message, key?: string): Promise<void> | undefined;
  /** Calls back whenever an inbox that was full has room again; returns the way to stop listening. */
  onRoom(listener: (actor: number) => void): () => void;
  figures(): ActorPoolFigures;
  /** Resolves when all inboxes are empty. */
  drained(): Promise<void>;
  /** Takes nothing more, waits so long for what is there (default 10,000 ms), then aborts. Resolves with the messages not done. */
  stop(options?: { readonly graceMs?: number }): Promise<Message[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

const MOST_ACTORS = 65_536;
const OPTIONS: OptionNames<ActorPoolOptions<never>> = {
  name: true, handler: true, createHandler: true, actors: true, inboxSize: true, maxRestarts: true, restartWindowMs: true, restartDelayMs: true,
  onFailure: true, onDeadLetter: true, onGone: true, registry: true, log: true, clock: true,
};

/** Throws BadOptionError. */
export function openActorPool<Message>(options: ActorPoolOptions<Message>): ActorPool<Message> {
  checkKnown('openActorPool', options, OPTIONS);
  checkLog(options.log);
  return new Pool(options);
}

interface Waiter<Message> {
  readonly message: Message;
  readonly key: string | undefined;
  taken(): void;
  refused(error: Error): void;
}

class Pool<Message> implements ActorPool<Message> {
  readonly name: string;
  readonly actors: number;
  readonly #members: Actor<Message>[];
  readonly #counts: PoolCounts;
  readonly #clock: Clock;
  readonly #listeners = new Set<(actor: number) => void>();
  /** By actor; -1: whoever has room. */
  readonly #waiters = new Map<number, Waiter<Message>[]>();
  readonly #abort = new AbortController();
  readonly #unregister: () => void;
  #next = 0;
  #isStopping = false;

  constructor(options: ActorPoolOptions<Message>) {
    const { handler, createHandler, log = silentLog, clock = machineClock, onGone, onFailure } = options;
    this.name = checkedName('name', options.name);
    this.actors = checkedWhole('actors', options.actors, 256, 1, MOST_ACTORS);
    const inboxSize = checkedWhole('inboxSize', options.inboxSize, 1_000, 1, 1_000_000);
    const maxRestarts = checkedWhole('maxRestarts', options.maxRestarts, 3, 0, 1_000_000);
    const windowMs = checkedWhole('restartWindowMs', options.restartWindowMs, 60_000, 1, Number.MAX_SAFE_INTEGER);
    const delay = options.restartDelayMs ?? defaultRestartDelay;
    if ((handler === undefined) === (createHandler === undefined)) throw new BadOptionError('handler', 'given, or else createHandler, and not both');
    this.#clock = clock;
    this.#counts = new PoolCounts(this.actors);
    const onDeadLetter = options.onDeadLetter ?? ((letter: DeadLetter<Message>): void => log.error({ pool: this.name, error: wordsOf(letter.error), failures: letter.failures }, 'a message was given up'));
    const around = {
      clock, counts: this.#counts, signal: this.#abort.signal,
      create: createHandler ?? ((): ActorHandler<Message> => handler as ActorHandler<Message>),
      judge: (message: Message, error: unknown, failedAt: readonly number[]) => {
        const recent = recentFailures(failedAt, clock.monotonic(), windowMs);
        return { verdict: onFailure?.(message, error, recent) ?? afterFailure(recent, error, { maxRestarts, windowMs }), delayMs: delay(recent) };
      },
      bury: async (message: Message, error: unknown, failures: number) => onDeadLetter({ message, error, failures }),
      onGone: onGone ?? ((): void => {}),
      onRestart: (actor: number, error: unknown) => log.warn({ pool: this.name, actor, error: wordsOf(error) }, 'an actor was restarted, because its handler threw'),
      onRoom: (actor: number) => this.#makeRoom(actor),
      onBuryFailed: (error: unknown) => log.error({ pool: this.name, error: wordsOf(error) }, 'a dead letter could not be kept, trying again'),
    };
    this.#members = Array.from({ length: this.actors }, (_, index) => new Actor<Message>(index, inboxSize, around));
    this.#unregister = options.registry === undefined ? () => {} : registerPoolMetrics(options.registry, this.name, {
      counts: this.#counts, inboxSize, depths: () => this.#members.map(({ depth }) => depth),
    });
  }

  offer(message: Message, key?: string): boolean {
    if (this.#isStopping) return false;
    if (this.#waiters.size > 0 && this.#waiters.has(key === undefined ? -1 : actorOf(key, this.actors))) return this.#full();
    return this.#place(message, key) || this.#full();
  }

  send(message: Message, key?: string): Promise<void> {
    return this.take(message, key) ?? Promise.resolve();
  }

  take(message: Message, key?: string): Promise<void> | undefined {
    if (this.#isStopping) return Promise.reject(new PoolStoppedError(this.name));
    if (this.offer(message, key)) return undefined;
    const place = key === undefined ? -1 : actorOf(key, this.actors);
    return new Promise((resolve, reject) => {
      const waiter = { message, key, taken: resolve, refused: reject };
      const line = this.#waiters.get(place);
      if (line === undefined) this.#waiters.set(place, [waiter]);
      else line.push(waiter);
    });
  }

  onRoom(listener: (actor: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  figures(): ActorPoolFigures {
    const { sent, processed, failed, restarted, deadLetters, inboxFull } = this.#counts;
    return { sent, processed, failed, restarted, deadLetters, inboxFull, waiting: this.#members.reduce((sum, { depth }) => sum + depth, 0) };
  }

  async drained(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.drained()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async stop({ graceMs = 10_000 }: { readonly graceMs?: number } = {}): Promise<Message[]> {
    if (!this.#isStopping) {
      this.#isStopping = true;
      for (const line of this.#waiters.values()) for (const waiter of line) waiter.refused(new PoolStoppedError(this.name));
      this.#waiters.clear();
      await Promise.race([this.drained(), this.#pause(graceMs)]);
    }
    const left = this.#members.flatMap((member) => member.stop());
    this.#abort.abort(new PoolStoppedError(this.name));
    this.#unregister();
    this.#listeners.clear();
    return left;
  }

  #place(message: Message, key: string | undefined): boolean {
    if (key !== undefined) return this.#members[actorOf(key, this.actors)]!.offer(message);
    for (let tried = 0; tried < this.actors; tried++) {
      const member = this.#members[this.#next]!;
      this.#next = this.#next + 1 === this.actors ? 0 : this.#next + 1;
      if (member.offer(message)) return true;
    }
    return false;
  }

  #full(): false {
    this.#counts.inboxFull++;
    return false;
  }

  #makeRoom(actor: number): void {
    if (this.#isStopping) return;
    this.#letIn(actor);
    this.#letIn(-1);
    for (const listener of this.#listeners) listener(actor);
  }

  #letIn(place: number): void {
    const line = this.#waiters.get(place);
    while (line !== undefined && line.length > 0 && this.#place(line[0]!.message, line[0]!.key)) line.shift()!.taken();
    if (line?.length === 0) this.#waiters.delete(place);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, resolve);
      void this.drained().then(cancel);
    });
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

