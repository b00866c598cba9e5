import { errors, headers, nuid } from '@nats-io/transport-node';
import type { StoredMsg } from '@nats-io/jetstream';
import type { Bucket, BucketEntry, BucketOptions } from '../ports/bus.ts';
import { kvPrefix, kvStream } from '../wire/index.ts';
import { askAgain } from './ask-again.ts';
import type { AskAgainOptions } from './ask-again.ts';
import type { Connection } from './connection.ts';
import { NotPermittedError, apiCode, asUnavailable, isNotPermitted, isStreamMissing } from './errors.ts';
import { readAck } from './publish-ack.ts';

const REQUEST_TIMEOUT_MS = 2_000;
const WRONG_SEQUENCE: ReadonlySet<number> = new Set([10071, 10164]);
const OPERATION_HEADER = 'KV-Operation';
const ID_HEADER = 'Nats-Msg-Id';
const NO_MESSAGE = 10037;

/** Both throw UnavailableError when there is no connection. */
export type BucketAccess = Pick<Connection, 'client' | 'manager'> & Partial<Pick<Connection, 'answerMs' | 'state'>>;

export function openBucket(connection: BucketAccess, name: string, { patienceMs = 0 }: BucketOptions = {}): Bucket {
  return new StreamBucket(connection, name, patienceMs);
}

/** A bucket is a stream with one subject for each key; a revision is a sequence. Reads ask the stream's leader: a replica may be behind. */
class StreamBucket implements Bucket {
  readonly #connection: BucketAccess;
  readonly #name: string;
  readonly #prefix: string;
  readonly #again: AskAgainOptions;

  constructor(connection: BucketAccess, name: string, patienceMs: number) {
    this.#connection = connection;
    this.#name = name;
    this.#again = { patienceMs, isOver: () => connection.state === 'closed' };
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
      const stored = await askAgain(() => this.#connection.manager.streams.getMessage(kvStream(this.#name), { last_by_subj: this.#prefix + key }), this.#again);
      return stored ?? undefined;
    } catch (error) {
      if (apiCode(error) === NO_MESSAGE) return undefined;
      throw this.#explain(error, `reading ${key}`);
    }
  }

  async #store(key: string, text: string, revision: number, deletion: boolean): Promise<number | undefined> {
    const block = headers();
    block.set('Nats-Expected-Last-Subject-Sequence', String(revision));
    // Of what was written without an answer, to know it again.
    const id = this.#again.patienceMs > 0 ? nuid.next() : '';
    if (id !== '') block.set(ID_HEADER, id);
    if (deletion) block.set(OPERATION_HEADER, 'DEL');
    const options = { headers: block, timeout: this.#connection.answerMs ?? REQUEST_TIMEOUT_MS };
    try {
      return await askAgain(async () => {
        const ack = readAck((await this.#connection.client.request(this.#prefix + key, text, options)).string());
        if (ack.kind === 'stored') return ack.sequence;
        if (!WRONG_SEQUENCE.has(ack.code)) throw asUnavailable(new Error(ack.reason), `writing ${key} to bucket ${this.#name}`);
        return id === '' ? undefined : await this.#whereIs(key, id, revision);
      }, this.#again);
    } catch (error) {
      throw this.#explain(error, `writing ${key}`);
    }
  }

  /** Of a message that was refused for its revision: where it stands, as an earlier try was stored; undefined when somebody was faster. */
  async #whereIs(key: string, id: string, revision: number): Promise<number | undefined> {
    const newest = await this.#newest(key);
    if (newest?.header?.get(ID_HEADER) === id) return newest.seq;
    // Refused for what nobody sees yet: it is on its way into the copies of a cluster, and may be ours.
    if ((newest?.seq ?? 0) === revision) throw new errors.TimeoutError();
    return undefined;
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
