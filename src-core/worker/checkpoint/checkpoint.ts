import { nuid } from '@nats-io/transport-node';
import { checkpointKey } from '../../wire/index.ts';
import { jsonText, jsonValue } from '../common/json-text.ts';
import { CheckpointMovedError } from '../common/errors.ts';
import type { WorkerBucket } from '../common/worker-bucket.ts';

/** How far a run has come. It is there for the next delivery and the next attempt of the run, and gone when the run has ended well. */
export interface Checkpoint {
  /** What was set last, by this attempt or one before; undefined when nothing was. Nobody has checked its shape. Rejects as `set` does. */
  get<Value = unknown>(): Promise<Value | undefined>;
  /**
   * JSON of at most 262,144 characters; it is safe when this resolves. Rejects with CheckpointMovedError when another worker has set it since
   * this one looked: then that one does the run, as this one was taken for dead. With UnavailableError when NATS is away.
   */
  set(value: unknown): Promise<void>;
  clear(): Promise<void>;
}

export interface CheckpointOwner {
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly rootTaskId: string;
  /** Of checkpointKey. */
  readonly part?: string;
}

const MAX_LENGTH = 262_144;

/** A checkpoint that stays for seven days after it was last set, unless it is cleared. */
export class BucketCheckpoint implements Checkpoint {
  readonly #bucket: WorkerBucket;
  readonly #key: string;
  readonly #rootTaskId: string;
  readonly #writer = nuid.next();
  /** Undefined: not looked at yet. */
  #revision: number | undefined;
  #count = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(bucket: WorkerBucket, { namespace, app, job, rootTaskId, part }: CheckpointOwner) {
    this.#bucket = bucket;
    this.#key = checkpointKey(namespace, app, job, rootTaskId, part);
    this.#rootTaskId = rootTaskId;
  }

  /** Whether there may be something to clear. */
  get isUsed(): boolean {
    return this.#revision !== undefined && this.#revision > 0;
  }

  get<Value = unknown>(): Promise<Value | undefined> {
    return this.#inOrder(async () => {
      const known = this.#revision;
      const present = await this.#look();
      if (known !== undefined && known !== this.#revision && !this.#isOwn(present)) this.#moved(known);
      return present?.value as Value | undefined;
    });
  }

  set(value: unknown): Promise<void> {
    const text = jsonText('a checkpoint', value, MAX_LENGTH);
    return this.#inOrder(async () => {
      if (this.#revision === undefined) await this.#look();
      const mark = `${this.#writer}.${++this.#count}`;
      const from = this.#revision ?? 0;
      const revision = await this.#bucket.compareAndSet(this.#key, `{"v":1,"by":"${mark}","value":${text}}`, from);
      if (revision !== undefined) {
        this.#revision = revision;
        return;
      }
      // A write of this one that was not answered may stand there; nobody else has written since, so it may be followed by another.
      if (!this.#isOwn(await this.#look())) this.#moved(from);
      const again = await this.#bucket.compareAndSet(this.#key, `{"v":1,"by":"${mark}","value":${text}}`, this.#revision ?? 0);
      if (again === undefined) this.#moved(from);
      this.#revision = again;
    });
  }

  clear(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#revision === undefined) await this.#look();
      if (this.#revision !== undefined && this.#revision > 0) await this.#bucket.forget(this.#key, this.#revision);
      this.#revision = 0;
    });
  }

  async #look(): Promise<{ readonly by: string; readonly value: unknown } | undefined> {
    const entry = await this.#bucket.get(this.#key);
    this.#revision = entry?.revision ?? 0;
    const read = entry === undefined ? undefined : (jsonValue(entry.text) as { by?: unknown; value?: unknown } | null | undefined);
    return typeof read === 'object' && read !== null ? { by: String(read.by), value: read.value } : undefined;
  }

  #isOwn(present: { readonly by: string } | undefined): boolean {
    return present?.by.startsWith(`${this.#writer}.`) ?? false;
  }

  /** And from then on: nothing that is read later makes up for it. */
  #moved(revision: number): never {
    this.#revision = revision;
    throw new CheckpointMovedError(this.#rootTaskId);
  }

  #inOrder<Result>(action: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(action);
    this.#last = done.catch(() => {});
    return done;
  }
}
