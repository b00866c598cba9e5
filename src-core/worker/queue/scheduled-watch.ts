import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { ConsumerMessages } from '@nats-io/jetstream';
import { DEFINITIONS_PREFIX, DEFINITIONS_STREAM, jobKey, kvKey, parseDefinitionKey } from '../../wire/index.ts';
import type { WorkerConnection } from '../connection.ts';
import type { QueueSettings } from './queue-settings.ts';
import { queueTag } from './scheduled.ts';

const AGAIN_MS = 1_000;

/** Tells the jobs by the clock that belong to a queue: those that are there, and new ones as they come. Each may be told again. */
export class ScheduledWatch {
  readonly #connection: WorkerConnection;
  readonly #settings: QueueSettings;
  readonly #onJob: (job: string) => void;
  #messages: ConsumerMessages | undefined;
  #stopListening: (() => void) | undefined;
  #round = 0;

  constructor(connection: WorkerConnection, settings: QueueSettings, onJob: (job: string) => void) {
    this.#connection = connection;
    this.#settings = settings;
    this.#onJob = onJob;
  }

  /** Resolves when the first try to read has worked or failed; it is tried on. */
  async start(): Promise<void> {
    this.#stopListening = this.#connection.onState((state) => {
      this.#round++;
      if (state === 'connected') void this.#read(this.#round);
    });
    await this.#read(++this.#round);
  }

  async stop(): Promise<void> {
    this.#round++;
    this.#stopListening?.();
    await this.#messages?.close();
  }

  async #read(round: number): Promise<void> {
    const { namespace, app } = this.#settings;
    try {
      const consumer = await jetstream(this.#connection.client).consumers.get(DEFINITIONS_STREAM, {
        filter_subjects: [DEFINITIONS_PREFIX + jobKey(namespace, app, '*')], deliver_policy: DeliverPolicy.LastPerSubject,
      });
      if (round !== this.#round) return;
      // A client of the program's own comes back with all that it had, and would go on with those, too.
      void this.#messages?.close();
      this.#messages = await consumer.consume({ callback: (message) => {
        if (round === this.#round) this.#take(message.subject, message.string());
      } });
    } catch {
      if (round === this.#round) this.#connection.clock.after(AGAIN_MS, () => round === this.#round && void this.#read(round));
    }
  }

  #take(subject: string, text: string): void {
    const key = parseDefinitionKey(kvKey(DEFINITIONS_PREFIX, subject) ?? '');
    if (key?.kind === 'job' && key.job !== this.#settings.job && hasTag(text, queueTag(this.#settings.job))) this.#onJob(key.job);
  }
}

function hasTag(text: string, tag: string): boolean {
  try {
    const { tags } = JSON.parse(text) as { tags?: unknown };
    return Array.isArray(tags) && tags.includes(tag);
  } catch {
    // A deleted one is empty.
    return false;
  }
}
