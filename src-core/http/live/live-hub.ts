import type { LiveChange, SchedulerApi } from '../../ports/api.ts';
import type { CancelTimer, Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Session } from '../auth/session.ts';
import { ChangeLog } from './change-log.ts';
import { readCounters } from './counters.ts';
import { LiveConnection } from './live-connection.ts';
import type { LiveSocket } from './live-connection.ts';
import type { LiveLimits } from './live-limits.ts';
import { toChanges } from './to-changes.ts';

export interface LiveHubOptions {
  readonly api: SchedulerApi;
  readonly session: Session;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: LiveLimits;
  /** The client's token is good no more. */
  onExpired(connection: LiveConnection): void;
}

/**
 * Takes changes in and gives them out in steps of `frameMs`, the same steps for all clients. With nobody connected it has no
 * timer and keeps nothing, after a while that bridges a reload.
 */
export class LiveHub {
  readonly changes: ChangeLog;
  readonly #options: LiveHubOptions;
  readonly #connections = new Set<LiveConnection>();
  readonly #stopListening: () => void;
  #lastFlush: number;
  /** When the last client left. */
  #emptySince: number;
  #flushTimer: CancelTimer | undefined;
  #countersTimer: CancelTimer | undefined;
  #countersRunning = false;
  #stopped = false;

  constructor(options: LiveHubOptions) {
    const { api, clock, limits } = options;
    this.#options = options;
    // Microseconds of the clock: later processes start higher than any number this one can reach.
    this.changes = new ChangeLog(limits.ringSize, clock.now() * 1_000);
    this.#lastFlush = clock.monotonic() - limits.frameMs;
    this.#emptySince = clock.monotonic() - limits.coldMs;
    this.#stopListening = api.onChange((change) => this.#take(change));
  }

  /** A client that has shown its token. */
  join(socket: LiveSocket): LiveConnection {
    const connection = new LiveConnection(socket, this.changes, this.#options.limits);
    this.#connections.add(connection);
    return connection;
  }

  leave(connection: LiveConnection): void {
    if (!this.#connections.delete(connection) || this.#connections.size > 0) return;
    this.#emptySince = this.#options.clock.monotonic();
  }

  /** After a client changed what it wants. */
  refresh(): void {
    this.#scheduleFlush();
    this.#scheduleCounters(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#stopListening();
    this.#flushTimer?.();
    this.#countersTimer?.();
  }

  #take(change: LiveChange): void {
    const { clock, limits } = this.#options;
    if (this.#connections.size === 0 && clock.monotonic() - this.#emptySince >= limits.coldMs) {
      this.changes.skip();
      return;
    }
    for (const item of toChanges(change)) this.changes.add(item);
    this.#scheduleFlush();
  }

  #scheduleFlush(): void {
    if (this.#flushTimer || this.#stopped || this.#connections.size === 0) return;
    const { clock, limits } = this.#options;
    const wait = Math.max(FIRST_MS, this.#lastFlush + limits.frameMs - clock.monotonic());
    this.#flushTimer = clock.after(wait, () => this.#flush());
  }

  #flush(): void {
    this.#flushTimer = undefined;
    const { clock, session, onExpired } = this.#options;
    const now = clock.monotonic();
    this.#lastFlush = now;
    let more = false;
    for (const connection of this.#connections) {
      if (connection.caller && !session.isGood(connection.caller)) onExpired(connection);
      else if (connection.flush(now)) more = true;
    }
    if (more) this.#scheduleFlush();
  }

  #scheduleCounters(delayMs: number): void {
    if (this.#countersTimer || this.#countersRunning || this.#stopped || this.#wanted().length === 0) return;
    this.#countersTimer = this.#options.clock.after(delayMs, () => {
      this.#countersTimer = undefined;
      void this.#giveCounters();
    });
  }

  #wanted(): readonly string[] {
    const namespaces = new Set<string>();
    for (const connection of this.#connections) {
      if (connection.countersOf !== undefined) namespaces.add(connection.countersOf);
    }
    return [...namespaces];
  }

  async #giveCounters(): Promise<void> {
    const { api, log, limits } = this.#options;
    this.#countersRunning = true;
    try {
      const texts = await readCounters(api, this.#wanted());
      for (const connection of this.#connections) {
        const text = connection.countersOf === undefined ? undefined : texts.get(connection.countersOf);
        if (text !== undefined) connection.offerCounters(text);
      }
      this.#scheduleFlush();
    } catch (error) {
      // The view is away; the next round asks again.
      log.debug({ err: error }, 'There were no counters for the live feed.');
    } finally {
      this.#countersRunning = false;
      this.#scheduleCounters(limits.countersMs);
    }
  }
}

/** Time for the changes of one burst to come together. */
const FIRST_MS = 10;
