import type { BucketWatch } from '../../src-core/ports/bus.ts';
import { kvPrefix, kvStream } from '../../src-core/wire/index.ts';
import type { MemoryBus } from './memory-bus.ts';
import { isDeletion } from './memory-streams.ts';
import type { MemoryMessage, MemoryStream } from './memory-streams.ts';

/** Newest values at once, changes at the clock's `soon`; begins again when the bucket was made anew. */
export class MemoryWatch implements BucketWatch {
  readonly #bus: MemoryBus;
  readonly #stream: string;
  readonly #prefix: string;
  readonly #onEntry: (key: string, text: string | undefined) => void;
  readonly #stopListening: () => void;
  readonly #wake = (): void => this.#schedule();
  readonly #known = new Set<string>();
  #source: MemoryStream | undefined;
  #position = 0;
  #scheduled = false;
  #stopped = false;

  constructor(bus: MemoryBus, bucket: string, onEntry: (key: string, text: string | undefined) => void) {
    this.#bus = bus;
    this.#stream = kvStream(bucket);
    this.#prefix = kvPrefix(bucket);
    this.#onEntry = onEntry;
    const stopFlow = bus.onFlow(this.#wake);
    const stopState = bus.onState(() => this.#schedule());
    this.#stopListening = () => {
      stopFlow();
      stopState();
    };
    this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    this.#source?.listeners.delete(this.#wake);
  }

  #schedule(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    const run = (): void => this.#bus.clock.soon(() => {
      this.#scheduled = false;
      this.#run();
    });
    const latency = this.#bus.latencyMs();
    if (latency === 0) run();
    else this.#bus.server.clock.after(latency, run);
  }

  #run(): void {
    if (this.#stopped || this.#bus.state !== 'connected' || this.#bus.isStalled) return;
    const stream = this.#bus.server.stream(this.#stream);
    if (stream !== this.#source) this.#begin(stream);
    if (stream === undefined) {
      this.#bus.clock.after(100, () => this.#schedule());
      return;
    }
    const now = this.#bus.server.clock.now();
    for (let message = stream.next(this.#position + 1, now); message !== undefined; message = stream.next(this.#position + 1, now)) this.#take(message);
  }

  #begin(stream: MemoryStream | undefined): void {
    this.#source?.listeners.delete(this.#wake);
    this.#source = stream;
    this.#position = 0;
    const gone = new Set(this.#known);
    if (stream !== undefined) {
      stream.listeners.add(this.#wake);
      for (const message of stream.newest(this.#bus.server.clock.now())) {
        gone.delete(message.subject.slice(this.#prefix.length));
        this.#take(message);
      }
      this.#position = stream.lastSequence;
    }
    for (const key of gone) this.#give(key, undefined);
  }

  #take(message: MemoryMessage): void {
    this.#position = message.sequence;
    this.#give(message.subject.slice(this.#prefix.length), isDeletion(message) ? undefined : message.text);
  }

  #give(key: string, text: string | undefined): void {
    if (text === undefined) this.#known.delete(key);
    else this.#known.add(key);
    this.#onEntry(key, text);
  }
}
