import { UnavailableError } from '../../src-core/domain/errors.ts';
import type { Feed, FeedOptions } from '../../src-core/ports/bus.ts';
import type { MemoryBus } from './memory-bus.ts';
import { asFeedMessage } from './memory-streams.ts';
import type { MemoryStream } from './memory-streams.ts';

const BATCH = 256;

interface Waiter {
  readonly target: number;
  resolve(): void;
  reject(error: Error): void;
}

/** Follows a MemoryStream; gives out a batch at each turn of the clock's `soon`. */
export class MemoryFeed implements Feed {
  readonly #bus: MemoryBus;
  readonly #options: FeedOptions;
  readonly #stopListening: () => void;
  readonly #waiters = new Set<Waiter>();
  readonly #wake = (): void => this.#schedule();
  #stream: MemoryStream | undefined;
  #created: string | undefined;
  #position: number;
  /** What was dropped up to here was known when the feed began. */
  #knownGone: number | undefined;
  /** The connection was away: something may have been dropped. */
  #wasAway = true;
  #paused = false;
  #scheduled = false;
  #ended = false;

  constructor(bus: MemoryBus, options: FeedOptions) {
    this.#bus = bus;
    this.#options = options;
    this.#position = Math.max(0, options.from - 1);
    const stopFlow = bus.onFlow(this.#wake);
    const stopState = bus.onState((state) => {
      this.#wasAway = true;
      if (state === 'closed') this.#end();
      else this.#schedule();
    });
    this.#stopListening = () => {
      stopFlow();
      stopState();
    };
    this.#schedule();
  }

  get position(): number {
    return this.#position;
  }

  async caughtUp(): Promise<void> {
    if (this.#ended) throw this.#endedError();
    const target = this.#bus.server.stream(this.#options.stream)?.lastSequence ?? 0;
    if (this.#position >= target) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiters.add({ target, resolve, reject });
      this.#schedule();
    });
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#end();
  }

  #schedule(): void {
    if (this.#scheduled || this.#ended) return;
    this.#scheduled = true;
    const run = (): void => this.#bus.clock.soon(() => {
      this.#scheduled = false;
      this.#run();
    });
    const latency = this.#bus.latencyMs() + this.#bus.readLatencyMs(this.#options.stream);
    if (latency === 0) run();
    else this.#bus.server.clock.after(latency, run);
  }

  #run(): void {
    if (this.#ended || this.#bus.state !== 'connected' || this.#bus.isStalled) return;
    const stream = this.#bus.server.stream(this.#options.stream);
    const now = this.#bus.server.clock.now();
    this.#created ??= stream?.options.created;
    if (stream === undefined || stream.options.created !== this.#created || stream.lastSequence < this.#position) {
      this.#end();
      this.#options.onLost(stream === undefined ? 'the stream does not exist' : 'the stream was made anew');
      return;
    }
    if (!this.#paused && this.#hasMissed(stream.info(now).firstSequence - 1)) {
      this.#end();
      this.#options.onLost('the stream begins behind what was reached');
      return;
    }
    if (stream !== this.#stream) {
      this.#stream?.listeners.delete(this.#wake);
      this.#stream = stream;
      stream.listeners.add(this.#wake);
    }
    for (let given = 0; given < BATCH && !this.#paused && !this.#ended; given++) {
      const message = stream.next(this.#position + 1, now);
      if (message === undefined) {
        for (const waiter of [...this.#waiters]) this.#settle(waiter, waiter.resolve);
        return;
      }
      this.#position = message.sequence;
      this.#options.onMessage(asFeedMessage(message, this.#options.maxPayloadBytes));
      for (const waiter of [...this.#waiters]) if (this.#position >= waiter.target) this.#settle(waiter, waiter.resolve);
    }
    if (!this.#paused) this.#schedule();
  }

  #hasMissed(gone: number): boolean {
    if (!this.#wasAway) return false;
    this.#wasAway = false;
    this.#knownGone ??= gone;
    return this.#options.needsAll === true && gone > Math.max(this.#position, this.#knownGone);
  }

  #settle(waiter: Waiter, how: () => void): void {
    this.#waiters.delete(waiter);
    how();
  }

  #end(): void {
    this.#ended = true;
    this.#stopListening();
    this.#stream?.listeners.delete(this.#wake);
    for (const waiter of [...this.#waiters]) this.#settle(waiter, () => waiter.reject(this.#endedError()));
  }

  #endedError(): UnavailableError {
    return new UnavailableError(`The feed of ${this.#options.stream} has ended.`);
  }
}
