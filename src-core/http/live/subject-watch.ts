import type { SeenMessage } from '../../ports/bus-access.ts';
import type { CancelTimer, Clock } from '../../ports/clock.ts';
import type { WatchedMessage } from '../contract.ts';
import { formatTime } from '../times.ts';
import type { LiveSocket } from './live-connection.ts';
import type { LiveLimits } from './live-limits.ts';
import type { SharedWatches } from './shared-watches.ts';

export interface SubjectWatchParts {
  readonly socket: LiveSocket;
  readonly watches: SharedWatches;
  readonly clock: Clock;
  readonly limits: Pick<LiveLimits, 'frameMs' | 'maxBufferedBytes' | 'maxWatchedMessages' | 'maxWatchedBytes'>;
  /** Number of the newest change. */
  readonly seq: () => number;
}

/** What one client watches of NATS: the messages of each stretch in one frame, as far as they fit; the others are counted. */
export class SubjectWatch {
  readonly #parts: SubjectWatchParts;
  #stop: () => void = () => {};
  #cancel: CancelTimer | undefined;
  #lastFrame = Number.NEGATIVE_INFINITY;
  #items: string[] = [];
  #bytes = 0;
  #dropped = 0;

  constructor(parts: SubjectWatchParts) {
    this.#parts = parts;
  }

  /** In the place of what it watched before; null = nothing. Throws ConflictError: it then watches nothing. */
  watch(subject: string | null): void {
    this.end();
    if (subject !== null) this.#stop = this.#parts.watches.add(subject, (message) => this.#take(message));
    this.#send(`{"seq":${this.#parts.seq()},"type":"watching","subject":${JSON.stringify(subject)}}`);
  }

  /** Harmless when it watches nothing. */
  end(): void {
    this.#stop();
    this.#stop = () => {};
    this.#cancel?.();
    this.#cancel = undefined;
    this.#clear();
  }

  #take(message: SeenMessage): void {
    const { clock, limits } = this.#parts;
    if (this.#items.length >= limits.maxWatchedMessages || this.#bytes + message.bytes > limits.maxWatchedBytes) this.#dropped += 1;
    else this.#keep(message);
    this.#cancel ??= clock.after(Math.max(0, this.#lastFrame + limits.frameMs - clock.monotonic()), () => this.#flush());
  }

  #keep(message: SeenMessage): void {
    const item: WatchedMessage = { subject: message.subject, headers: message.headers(), text: message.text(), at: formatTime(this.#parts.clock.now()) };
    const text = JSON.stringify(item);
    const bytes = Buffer.byteLength(text) + 1;
    if (this.#bytes + bytes > this.#parts.limits.maxWatchedBytes) {
      this.#dropped += 1;
      return;
    }
    this.#items.push(text);
    this.#bytes += bytes;
  }

  #flush(): void {
    const { clock, limits, socket, seq } = this.#parts;
    this.#cancel = undefined;
    this.#lastFrame = clock.monotonic();
    // Who does not read has enough already: these are counted in the next frame.
    if (socket.bufferedAmount > limits.maxBufferedBytes) {
      const missed = this.#dropped + this.#items.length;
      this.#clear();
      this.#dropped = missed;
      return;
    }
    this.#send(`{"seq":${seq()},"type":"messages","items":[${this.#items.join(',')}],"dropped":${this.#dropped}}`);
    this.#clear();
  }

  #send(text: string): void {
    this.#parts.socket.send(text);
  }

  #clear(): void {
    this.#items = [];
    this.#bytes = 0;
    this.#dropped = 0;
  }
}
