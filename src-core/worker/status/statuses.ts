import { isSharedName, MAX_SHARED_NAME_LENGTH, statusKey } from '../../wire/index.ts';
import { checkKnown } from '../common/known-options.ts';
import { chooseConnection, CONNECTION_OPTIONS } from '../connection.ts';
import type { ConnectionChoice, WorkerConnection } from '../connection.ts';
import { BadOptionError } from '../errors.ts';
import { durationMs } from '../common/duration.ts';
import type { Duration } from '../common/duration.ts';
import { jsonText, jsonValue } from '../common/json-text.ts';
import { KEPT_MS, PATIENCE_MS, WorkerBucket } from '../common/worker-bucket.ts';

export interface SetStatusOptions {
  /** How long it says so. 1 s to 7 days, default 1 hour. */
  readonly ttl?: Duration;
}

/** What jobs say of themselves, under names that programs agree on. A name is any text of 1 to 128 characters. */
export interface Statuses {
  /** JSON of at most 65,536 characters. The last one to set it wins. Rejects with UnavailableError when NATS is away. */
  set(name: string, value: unknown, options?: SetStatusOptions): Promise<void>;
  /** Undefined when nothing was set, or its time is up by the NATS server's clock. Nobody has checked its shape. */
  get<Value = unknown>(name: string): Promise<Value | undefined>;
  delete(name: string): Promise<void>;
}

export interface OpenStatuses extends Statuses {
  /** Closes the connection unless it was given. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const MAX_LENGTH = 65_536;
const MIN_TTL_MS = 1_000;
const DEFAULT_TTL_MS = 3_600_000;

/** Throws BadOptionError. */
export async function openStatus(choice: ConnectionChoice = {}): Promise<OpenStatuses> {
  checkKnown('openStatus', choice, CONNECTION_OPTIONS);
  const { connection, isOwn } = await chooseConnection(choice);
  const statuses = new BucketStatuses(connection);
  const close = async (): Promise<void> => {
    if (isOwn) await connection.close();
  };
  return {
    set: (name, value, options) => statuses.set(name, value, options),
    get: (name) => statuses.get(name),
    delete: (name) => statuses.delete(name),
    close,
    [Symbol.asyncDispose]: close,
  };
}

export class BucketStatuses implements Statuses {
  readonly #bucket: WorkerBucket;

  constructor(connection: WorkerConnection) {
    this.#bucket = new WorkerBucket(connection, PATIENCE_MS);
  }

  async set(name: string, value: unknown, { ttl = DEFAULT_TTL_MS }: SetStatusOptions = {}): Promise<void> {
    const key = keyOf(name);
    const text = jsonText('a status', value, MAX_LENGTH);
    const ttlMs = durationMs('ttl', ttl, MIN_TTL_MS, KEPT_MS);
    await this.#bucket.put(key, `{"v":1,"ttlMs":${ttlMs},"value":${text}}`);
  }

  async get<Value = unknown>(name: string): Promise<Value | undefined> {
    const entry = await this.#bucket.get(keyOf(name));
    const status = entry === undefined ? undefined : jsonValue(entry.text);
    if (entry === undefined || typeof status !== 'object' || status === null) return undefined;
    const { ttlMs, value } = status as { ttlMs?: unknown; value?: Value };
    if (typeof ttlMs !== 'number' || entry.storedAt + ttlMs <= await this.#bucket.serverNow()) return undefined;
    return value;
  }

  async delete(name: string): Promise<void> {
    const key = keyOf(name);
    const entry = await this.#bucket.get(key);
    // One that is set meanwhile stays.
    if (entry !== undefined) await this.#bucket.forget(key, entry.revision);
  }
}

function keyOf(name: unknown): string {
  if (isSharedName(name)) return statusKey(name);
  throw new BadOptionError('name of a status', `text of 1 to ${MAX_SHARED_NAME_LENGTH} characters`, name);
}
