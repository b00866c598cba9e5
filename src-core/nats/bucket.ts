import { headers } from '@nats-io/transport-node';
import type { StoredMsg } from '@nats-io/jetstream';
import type { Bucket, BucketEntry } from '../ports/bus.ts';
import { kvPrefix, kvStream } from '../wire/index.ts';
import type { Connection } from './connection.ts';
import { NotPermittedError, apiCode, asUnavailable, isNotPermitted, isStreamMissing } from './errors.ts';
import { readAck } from './publish-ack.ts';

const REQUEST_TIMEOUT_MS = 2_000;
const WRONG_SEQUENCE: ReadonlySet<number> = new Set([10071, 10164]);
const OPERATION_HEADER = 'KV-Operation';
const NO_MESSAGE = 10037;

/** Both throw UnavailableError when there is no connection. */
export type BucketAccess = Pick<Connection, 'client' | 'manager'> & Partial<Pick<Connection, 'answerMs'>>;

export function openBucket(connection: BucketAccess, name: string): Bucket {
  return new StreamBucket(connection, name);
}

/** A bucket is a stream with one subject for each key; a revision is a sequence. Reads ask the stream's leader: a replica may be behind. */
class StreamBucket implements Bucket {
  readonly #connection: BucketAccess;
  readonly #name: string;
  readonly #prefix: string;

  constructor(connection: BucketAccess, name: string) {
    this.#connection = connection;
    this.#name = name;
    this.#prefix = kvPrefix(name);
  }

  async get(key: string): Promise<BucketEntry | undefined> {
    const stored = await this.#newest(key);
    if (stored === undefined || isDeletion(stored)) return undefined;
    return { key, text: stored.string(), revision: stored.seq };
  }

  async compareAndSet(key: string, text: string, revision: number): Promise<number | undefined> {
    const written = await this.#store(key, text, revision, false);
    if (written !== undefined || revision !== 0) return written;
    // "Must not exist" also holds for a key whose newest entry is a deletion, but the server counts that one.
    const stored = await this.#newest(key);
    if (stored === undefined) return this.#store(key, text, 0, false);
    return isDeletion(stored) ? this.#store(key, text, stored.seq, false) : undefined;
  }

  async compareAndDelete(key: string, revision: number): Promise<boolean> {
    return (await this.#store(key, '', revision, true)) !== undefined;
  }

  async #newest(key: string): Promise<StoredMsg | undefined> {
    try {
      const stored = await this.#connection.manager.streams.getMessage(kvStream(this.#name), { last_by_subj: this.#prefix + key });
      return stored ?? undefined;
    } catch (error) {
      if (apiCode(error) === NO_MESSAGE) return undefined;
      throw this.#explain(error, `reading ${key}`);
    }
  }

  async #store(key: string, text: string, revision: number, deletion: boolean): Promise<number | undefined> {
    const block = headers();
    block.set('Nats-Expected-Last-Subject-Sequence', String(revision));
    if (deletion) block.set(OPERATION_HEADER, 'DEL');
    let answer: string;
    try {
      const message = await this.#connection.client.request(this.#prefix + key, text, { headers: block, timeout: this.#connection.answerMs ?? REQUEST_TIMEOUT_MS });
      answer = message.string();
    } catch (error) {
      throw this.#explain(error, `writing ${key}`);
    }
    const ack = readAck(answer);
    if (ack.kind === 'stored') return ack.sequence;
    if (WRONG_SEQUENCE.has(ack.code)) return undefined;
    throw asUnavailable(new Error(ack.reason), `writing ${key} to bucket ${this.#name}`);
  }

  #explain(error: unknown, doing: string): Error {
    if (isNotPermitted(error)) return new NotPermittedError(`${doing} in bucket ${this.#name}`, error);
    const cause = isStreamMissing(error) ? new Error('the bucket does not exist', { cause: error }) : error;
    return asUnavailable(cause, `${doing} in bucket ${this.#name}`);
  }
}

function isDeletion(stored: StoredMsg): boolean {
  const operation = stored.header?.get(OPERATION_HEADER) ?? '';
  return operation === 'DEL' || operation === 'PURGE' || (stored.header?.has('Nats-Marker-Reason') ?? false);
}
