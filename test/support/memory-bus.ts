import { UnavailableError } from '../../src-core/domain/errors.ts';
import type { Bus, BusState, Bucket, BucketEntry, BucketWatch, Feed, FeedMessage, FeedOptions, LogPublisher, LogPublisherOptions, ReadOptions, StreamInfo } from '../../src-core/ports/bus.ts';
import { kvPrefix, kvStream } from '../../src-core/wire/index.ts';
import { MemoryFeed } from './memory-feed.ts';
import { MemoryLog } from './memory-log.ts';
import type { MemoryNats } from './memory-nats.ts';
import { asFeedMessage, isDeletion } from './memory-streams.ts';
import type { MemoryStream } from './memory-streams.ts';
import { MemoryWatch } from './memory-watch.ts';

/**
 * One node's connection to a MemoryNats. Beyond a Bus it can be cut and mended, and told to lose acknowledgements:
 * what a fault plan does to a node.
 */
export class MemoryBus implements Bus {
  readonly serverUrl = 'nats://memory';
  readonly server: MemoryNats;
  /** While true, what is published arrives, but its acknowledgement does not. */
  losesAcks = false;
  readonly #listeners = new Set<(state: BusState) => void>();
  #state: BusState = 'connected';

  constructor(server: MemoryNats) {
    this.server = server;
  }

  get state(): BusState {
    return this.#state;
  }

  /** Breaks the connection. What was handed over already has arrived; answers under way are lost. */
  cut(): void {
    if (this.#state === 'connected') this.#enter('disconnected');
  }

  mend(): void {
    if (this.#state === 'disconnected') this.#enter('connected');
  }

  onState(listener: (state: BusState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async ensureObjects(): Promise<readonly string[]> {
    await this.roundTrip();
    this.server.makeObjects();
    return [];
  }

  publishVoid(subject: string, text: string): void {
    if (this.#state === 'connected') this.server.publish(subject, text);
  }

  openLog(options: LogPublisherOptions): LogPublisher {
    return new MemoryLog(this, options);
  }

  openFeed(options: FeedOptions): Feed {
    return new MemoryFeed(this, options);
  }

  async streamInfo(stream: string): Promise<StreamInfo | undefined> {
    await this.roundTrip();
    return this.server.stream(stream)?.info(this.server.clock.now());
  }

  async purge(stream: string, throughSequence: number): Promise<void> {
    await this.roundTrip();
    this.need(stream).purge(throughSequence);
  }

  bucket(name: string): Bucket {
    const prefix = kvPrefix(name);
    const newest = (key: string): BucketEntry | undefined => {
      const message = this.need(kvStream(name)).newestOf(prefix + key, this.server.clock.now());
      return message === undefined || isDeletion(message) ? undefined : { key, text: message.text, revision: message.sequence };
    };
    const lastSequence = (key: string): number => this.need(kvStream(name)).newestOf(prefix + key, this.server.clock.now())?.sequence ?? 0;
    return {
      get: async (key) => {
        await this.roundTrip();
        return newest(key);
      },
      compareAndSet: async (key, text, revision) => {
        await this.roundTrip();
        const fits = revision === 0 ? newest(key) === undefined : lastSequence(key) === revision;
        if (!fits) return undefined;
        const written = this.server.put(name, key, text);
        await this.roundTrip();
        return written;
      },
      compareAndDelete: async (key, revision) => {
        await this.roundTrip();
        if (lastSequence(key) !== revision) return false;
        this.server.put(name, key, '', { 'KV-Operation': 'DEL' });
        await this.roundTrip();
        return true;
      },
    };
  }

  async watch(bucket: string, onEntry: (key: string, text: string | undefined) => void): Promise<BucketWatch> {
    await this.roundTrip();
    this.need(kvStream(bucket));
    return new MemoryWatch(this, bucket, onEntry);
  }

  async readMessage(stream: string, sequence: number): Promise<FeedMessage | undefined> {
    await this.roundTrip();
    const message = this.server.stream(stream)?.at(sequence, this.server.clock.now());
    return message === undefined ? undefined : asFeedMessage(message, Number.POSITIVE_INFINITY);
  }

  async read({ stream, subjects, storedFrom = 0, onMessage }: ReadOptions): Promise<void> {
    await this.roundTrip();
    const kept = this.server.stream(stream);
    const last = kept?.lastSequence ?? 0;
    for (let message = kept?.next(1, this.server.clock.now()); message !== undefined && message.sequence <= last; message = kept?.next(message.sequence + 1, this.server.clock.now())) {
      if (message.storedAt < storedFrom || !subjects.some((subject) => covers(subject, message!.subject))) continue;
      if (!onMessage({ ...asFeedMessage(message, Number.POSITIVE_INFINITY), headers: message.headers })) return;
    }
  }

  async roundTripMs(): Promise<number> {
    const start = this.server.clock.monotonic();
    await this.roundTrip();
    return this.server.clock.monotonic() - start;
  }

  async close(): Promise<void> {
    if (this.#state !== 'closed') this.#enter('closed');
  }

  /** One way there or back. Rejects when the connection breaks meanwhile. */
  roundTrip(): Promise<void> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new UnavailableError(`The connection in memory is ${this.#state}.`));
      if (this.#state !== 'connected') {
        gone();
        return;
      }
      let open = true;
      const stopListening = this.onState(() => {
        open = false;
        stopListening();
        gone();
      });
      this.server.clock.soon(() => {
        if (!open) return;
        stopListening();
        resolve();
      });
    });
  }

  need(stream: string): MemoryStream {
    const found = this.server.stream(stream);
    if (found === undefined) throw new UnavailableError(`There is no stream ${stream}.`);
    return found;
  }

  #enter(state: BusState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}

/** As NATS reads `*` and `>`. */
function covers(pattern: string, subject: string): boolean {
  const tokens = subject.split('.');
  const wanted = pattern.split('.');
  if (wanted.at(-1) === '>') return tokens.length >= wanted.length && wanted.slice(0, -1).every((token, index) => token === '*' || token === tokens[index]);
  return tokens.length === wanted.length && wanted.every((token, index) => token === '*' || token === tokens[index]);
}
