import type { Bus } from '../../src-core/ports/bus.ts';
import type { Clock } from '../../src-core/ports/clock.ts';
import { CONTROL_BUCKET, DEFINITIONS_BUCKET, HEARTBEAT_BUCKET, RESULTS_BUCKET, STREAM, kvPrefix, kvStream } from '../../src-core/wire/index.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryStream } from './memory-streams.ts';

export type CoreListener = (subject: string, text: string, headers: Readonly<Record<string, string>>) => void;

const DAY_MS = 86_400_000;

/**
 * A NATS server in memory: streams, buckets, core subscribers. It owns no timer and no chance; everything that takes time on a
 * network goes through the clock's `soon`, so a virtual clock decides the order of events.
 */
export class MemoryNats {
  readonly clock: Clock;
  readonly #streams = new Map<string, MemoryStream>();
  readonly #listeners = new Set<CoreListener>();
  readonly #buses = new Set<MemoryBus>();
  #madeStreams = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  connect(): MemoryBus & Bus {
    const bus = new MemoryBus(this);
    this.#buses.add(bus);
    return bus;
  }

  /** Plain core subscriber: sees every publish, repeated ones too. Returns the way to stop listening. */
  listen(listener: CoreListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stream(name: string): MemoryStream | undefined {
    return this.#streams.get(name);
  }

  /** What is published reaches the core subscribers and the stream that takes it in; returns its sequence there, 0 if none does. */
  publish(subject: string, text: string, headers: Readonly<Record<string, string>> = {}): number {
    for (const listener of [...this.#listeners]) listener(subject, text, headers);
    for (const stream of this.#streams.values()) {
      if (subject.startsWith(stream.options.prefix)) return stream.append(subject, text, headers, this.clock.now());
    }
    return 0;
  }

  /** As any client puts a value: no compare-and-set. */
  put(bucket: string, key: string, text: string, headers: Readonly<Record<string, string>> = {}): number {
    return this.publish(kvPrefix(bucket) + key, text, headers);
  }

  /** Makes what is missing of the scheduler's streams and buckets. */
  makeObjects(): void {
    this.#make(STREAM, 'natsjob.', 0, DAY_MS);
    this.#make(kvStream(HEARTBEAT_BUCKET), kvPrefix(HEARTBEAT_BUCKET), 1, 30_000);
    this.#make(kvStream(RESULTS_BUCKET), kvPrefix(RESULTS_BUCKET), 8, DAY_MS);
    this.#make(kvStream(DEFINITIONS_BUCKET), kvPrefix(DEFINITIONS_BUCKET), 8, 0);
    this.#make(kvStream(CONTROL_BUCKET), kvPrefix(CONTROL_BUCKET), 8, 0);
  }

  /** The server loses everything; all connections break and come back. */
  wipe(): void {
    this.#streams.clear();
    for (const bus of this.#buses) bus.cut();
    for (const bus of this.#buses) this.clock.soon(() => bus.mend());
  }

  #make(name: string, prefix: string, history: number, maxAgeMs: number): void {
    if (this.#streams.has(name)) return;
    this.#madeStreams++;
    this.#streams.set(name, new MemoryStream({ name, prefix, history, maxAgeMs, created: `stream ${this.#madeStreams}` }));
  }
}
