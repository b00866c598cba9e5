import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import { askAgain } from '../../nats/ask-again.ts';
import type { WorkerConnection } from '../connection.ts';

export interface StreamReadingOptions {
  readonly stream: string;
  readonly subjects: readonly string[];
  onMessage(message: JsMsg): void;
}

const AGAIN_MS = 250;
/** Whoever begins to listen waits for a server that stands still for a moment. */
const PATIENCE_MS = 8_000;

/** Gives out what comes into a stream from the start on, in its order, each message once, over reconnects. Nothing is left in NATS by it. */
export class StreamReading {
  readonly #connection: WorkerConnection;
  readonly #options: StreamReadingOptions;
  #next = 0;
  #messages: ConsumerMessages | undefined;
  #round = 0;
  #isStopped = false;
  #stopListening: (() => void) | undefined;

  constructor(connection: WorkerConnection, options: StreamReadingOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Resolves when everything that comes from now on will be given out. Rejects when the stream cannot be read. */
  async start(): Promise<void> {
    const again = { patienceMs: PATIENCE_MS, isOver: () => this.#isStopped || this.#connection.state === 'closed' };
    const { state } = await askAgain(() => this.#connection.manager.streams.info(this.#options.stream), again);
    this.#next = state.last_seq + 1;
    this.#round++;
    await askAgain(() => this.#read(this.#round), again);
    this.#stopListening = this.#connection.onState((state) => {
      this.#round++;
      if (state === 'connected') void this.#readAgain(this.#round);
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#round++;
    this.#stopListening?.();
    await this.#messages?.close();
  }

  async #readAgain(round: number): Promise<void> {
    while (round === this.#round && !this.#isStopped) {
      try {
        return await this.#read(round);
      } catch {
        // The stream has no leader yet, or the connection is gone again, which ends this round.
        await new Promise<void>((resolve) => this.#connection.clock.after(AGAIN_MS, resolve));
      }
    }
  }

  async #read(round: number): Promise<void> {
    const { stream, subjects } = this.#options;
    const consumer = await jetstream(this.#connection.client).consumers.get(stream, {
      filter_subjects: [...subjects], deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.#next,
    });
    if (round !== this.#round || this.#isStopped) return;
    // A client of the program's own comes back with all that it had, and would go on with those, too.
    void this.#messages?.close();
    this.#messages = await consumer.consume({
      max_messages: 500,
      callback: (message) => {
        if (round !== this.#round || this.#isStopped || message.seq < this.#next) return;
        this.#next = message.seq + 1;
        this.#options.onMessage(message);
      },
    });
  }
}
