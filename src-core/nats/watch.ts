import type { BucketWatch } from '../ports/bus.ts';
import type { Log } from '../ports/log.ts';
import { kvPrefix, kvStream } from '../wire/index.ts';
import type { Connection } from './connection.ts';
import type { Delivery } from './delivery.ts';
import { asUnavailable, describe, isStreamMissing } from './errors.ts';
import { headerValue } from './header-block.ts';
import type { Incoming } from './incoming.ts';
import { holdsNothingMore } from './next-message.ts';
import { PushConsumer } from './push-consumer.ts';
import { StreamEnd } from './stream-end.ts';

const RETRY_MS = 500;
const AGAIN_MS = 100;

export type OnEntry = (key: string, text: string | undefined) => void;

/**
 * Resolves once the newest value of each key has been given out; rejects with UnavailableError when that fails,
 * for then whoever starts up should know. Later breaks are mended without a word: see BucketWatcher.
 */
export async function watchBucket(connection: Connection, bucket: string, onEntry: OnEntry, log: Log): Promise<BucketWatch> {
  const watcher = new BucketWatcher(connection, bucket, onEntry, log);
  await watcher.start();
  return watcher;
}

/**
 * After a break it goes on behind the last entry it gave. If the bucket was made anew meanwhile it begins again: it gives every
 * newest value, and `undefined` for each key that is gone.
 */
class BucketWatcher implements BucketWatch {
  readonly #connection: Connection;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #onEntry: OnEntry;
  readonly #log: Log;
  #stopListening: () => void = () => {};
  readonly #streamEnd = new StreamEnd();
  #created = '';
  #position = 0;
  /** Keys with a value, as told. */
  #known = new Set<string>();
  #consumer: PushConsumer | undefined;
  #round = 0;
  #retry: NodeJS.Timeout | undefined;
  #started = false;
  #stopped = false;

  constructor(connection: Connection, bucket: string, onEntry: OnEntry, log: Log) {
    this.#connection = connection;
    this.#bucket = bucket;
    this.#prefix = kvPrefix(bucket);
    this.#onEntry = onEntry;
    this.#log = log;
  }

  async start(): Promise<void> {
    try {
      await this.#open(this.#round);
    } catch (error) {
      this.#drop();
      throw asUnavailable(error, `watching bucket ${this.#bucket}`);
    }
    this.#started = true;
    this.#stopListening = this.#connection.onState((state) => {
      if (state === 'connected') this.#reopen();
      else this.#drop();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    this.#drop();
  }

  #reopen(): void {
    this.#drop();
    if (this.#stopped) return;
    const round = this.#round;
    this.#open(round).catch((error: unknown) => {
      if (round !== this.#round) return;
      const gone = isStreamMissing(error);
      this.#log.debug({ bucket: this.#bucket, error: describe(error) }, 'the watch cannot be opened yet');
      if (gone) this.#forgetAll();
      this.#retry = setTimeout(() => this.#reopen(), RETRY_MS);
    });
  }

  async #open(round: number): Promise<void> {
    const { client, manager } = this.#connection;
    const stream = kvStream(this.#bucket);
    const info = await manager.streams.info(stream);
    if (round !== this.#round) return;
    const goesOn = info.created === this.#created && this.#streamEnd.reaches(this.#position, info);
    if (!goesOn) this.#position = 0;
    this.#created = info.created;
    const missing = goesOn ? new Set<string>() : new Set(this.#known);
    await this.#deliver({ client, manager, stream, from: goesOn ? this.#position + 1 : 'newest' }, round, missing);
    for (const key of missing) this.#give(key, undefined);
  }

  /** Resolves when all that was there at the start has been given; takes the keys that came out of `missing`. */
  #deliver(
    source: { client: Connection['client']; manager: Connection['manager']; stream: string; from: number | 'newest' },
    round: number,
    missing: Set<string>,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      let initial = true;
      const stopListening = this.#connection.onState(() => finish(new Error('the connection was lost')));
      const finish = (error?: Error): void => {
        if (!initial) return;
        initial = false;
        stopListening();
        if (error === undefined) resolve();
        else reject(error);
      };
      // The reader's server may be behind the others: then the rest comes.
      const finishIfNothingLeft = (): void => {
        if (!initial) return;
        holdsNothingMore(source.manager, source.stream, `${this.#prefix}>`, this.#position, Number.POSITIVE_INFINITY).then((isAll) => {
          if (isAll) finish();
          else if (initial) setTimeout(finishIfNothingLeft, AGAIN_MS);
        }, finish);
      };
      PushConsumer.open({
        ...source,
        subject: `${this.#prefix}>`,
        onMessage: (message, delivery) => {
          if (round !== this.#round) return;
          const pending = delivery.pending;
          missing.delete(this.#take(message, delivery));
          if (pending === 0) finishIfNothingLeft();
        },
        onBroken: (reason) => {
          finish(new Error(reason));
          if (round === this.#round && this.#started) this.#reopen();
        },
      }).then(
        (consumer) => {
          if (round !== this.#round) {
            consumer.close();
            finish(new Error('the watch was stopped'));
            return;
          }
          this.#consumer = consumer;
          if (consumer.pendingAtStart === 0) finishIfNothingLeft();
        },
        (error: unknown) => finish(error instanceof Error ? error : new Error(String(error))),
      );
    });
  }

  #take(message: Incoming, delivery: Delivery): string {
    this.#position = delivery.streamSequence;
    const key = message.subject.slice(this.#prefix.length);
    const { head } = message;
    const operation = headerValue(head, 'KV-Operation');
    const gone = operation === 'DEL' || operation === 'PURGE' || headerValue(head, 'Nats-Marker-Reason') !== '';
    this.#give(key, gone ? undefined : message.text);
    return key;
  }

  #give(key: string, text: string | undefined): void {
    if (text === undefined) this.#known.delete(key);
    else this.#known.add(key);
    try {
      this.#onEntry(key, text);
    } catch (error) {
      this.#log.error({ bucket: this.#bucket, key, error: describe(error) }, 'a watcher of the bucket failed');
    }
  }

  #forgetAll(): void {
    this.#created = '';
    this.#position = 0;
    for (const key of [...this.#known]) this.#give(key, undefined);
  }

  #drop(): void {
    this.#round++;
    clearTimeout(this.#retry);
    this.#consumer?.close();
    this.#consumer = undefined;
  }
}
