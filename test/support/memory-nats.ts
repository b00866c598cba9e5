import type { Bus } from '../../src-core/ports/bus.ts';
import type { Clock } from '../../src-core/ports/clock.ts';
import { CONTROL_BUCKET, DEFINITIONS_BUCKET, HEARTBEAT_BUCKET, REPORTS_KEPT, REPORTS_STREAM, RESULTS_BUCKET, STREAM, kvPrefix, kvStream } from '../../src-core/wire/index.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryStream } from './memory-streams.ts';

/** Somebody who answers requests. */
export interface Responder {
  readonly bus: MemoryBus;
  readonly subject: string;
  /** '' = none. */
  readonly queue: string;
  readonly handler: (payload: Uint8Array) => Promise<Uint8Array>;
}

/** `sentAt`: when it was given to the network, on the monotonic clock. */
export type CoreListener = (subject: string, text: string, headers: Readonly<Record<string, string>>, sentAt: number) => void;

const DAY_MS = 86_400_000;

/**
 * A NATS server in memory: streams, buckets, core subscribers. It owns no timer and no chance; everything that takes time on a
 * network goes through the clock's `soon`, so a virtual clock decides the order of events.
 */
export class MemoryNats {
  readonly clock: Clock;
  readonly responders = new Set<Responder>();
  readonly #streams = new Map<string, MemoryStream>();
  readonly #listeners = new Set<CoreListener>();
  readonly #buses = new Set<MemoryBus>();
  #madeStreams = 0;
  #turns = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** `clock`: of the process that connects. */
  connect(clock: Clock = this.clock): MemoryBus & Bus {
    const bus = new MemoryBus(this, clock);
    this.#buses.add(bus);
    return bus;
  }

  /** Everybody who responds and fits, but of each queue group the one whose turn it is. */
  respondersOf(fits: (responder: Responder) => boolean): readonly Responder[] {
    const all = [...this.responders].filter(fits);
    const turn = this.#turns++;
    return all.filter((each) => {
      if (each.queue === '') return true;
      const group = all.filter(({ queue }) => queue === each.queue);
      return group[turn % group.length] === each;
    });
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
  publish(subject: string, text: string, headers: Readonly<Record<string, string>> = {}, sentAt: number = this.clock.monotonic()): number {
    for (const listener of this.#listeners) listener(subject, text, headers, sentAt);
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
  makeObjects(withReports = false): void {
    this.#make(STREAM, 'natsjob.', 0, DAY_MS);
    this.#make(kvStream(HEARTBEAT_BUCKET), kvPrefix(HEARTBEAT_BUCKET), 1, 30_000);
    this.#make(kvStream(RESULTS_BUCKET), kvPrefix(RESULTS_BUCKET), 8, DAY_MS);
    this.#make(kvStream(DEFINITIONS_BUCKET), kvPrefix(DEFINITIONS_BUCKET), 8, 0);
    this.#make(kvStream(CONTROL_BUCKET), kvPrefix(CONTROL_BUCKET), 8, 0);
    if (withReports) this.#make(REPORTS_STREAM, 'natsjob-report.', REPORTS_KEPT, DAY_MS);
  }

  /** Somebody deletes a stream, or the bucket that lies on it. */
  drop(name: string): void {
    const stream = this.#streams.get(name);
    this.#streams.delete(name);
    // Whoever reads it misses its sign of life.
    for (const wake of stream?.listeners ?? []) wake();
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
