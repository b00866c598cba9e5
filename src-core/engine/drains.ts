import { ConflictError, NotFoundError, UnavailableError } from '../domain/errors.ts';
import { workerKey } from '../domain/worker.ts';
import type { Bucket } from '../ports/index.ts';
import { CONTROL_BUCKET, drainedKey, parseDrainedKey } from '../wire/index.ts';
import { bucketForPeople } from './bucket-for-people.ts';
import type { EngineContext } from './context.ts';
import { Heeding } from './heeding.ts';
import type { Workers } from './workers.ts';

const MOST_DRAINED = 10_000;
const TRIES = 10;

/** Workers that a person has taken out of the routing: entries of the control bucket, so that every node and the next start know them. */
export class Drains {
  readonly #context: EngineContext;
  readonly #workers: Workers;
  readonly #changed: (key: string) => void;
  readonly #bucket: Bucket;
  readonly #heeding: Heeding;

  /** `changed` is told the key of a worker that is drained or put back. */
  constructor(context: EngineContext, workers: Workers, changed: (key: string) => void) {
    this.#context = context;
    this.#workers = workers;
    this.#changed = changed;
    this.#bucket = bucketForPeople(context.bus, CONTROL_BUCKET);
    this.#heeding = new Heeding(context.clock);
  }

  /** An entry of the bucket, as it is now. */
  apply(entryKey: string, text: string | undefined): void {
    const parts = parseDrainedKey(entryKey);
    if (parts === undefined) return;
    const key = workerKey({ namespace: parts.ns, app: parts.app, id: parts.clientId });
    if (this.#workers.setDrained(key, text !== undefined)) this.#changed(key);
    this.#heeding.look();
  }

  /** Resolves when this node heeds it. Rejects with NotFoundError, ConflictError when too many are drained, or UnavailableError. */
  async set(worker: { namespace: string; app: string; id: string }, drained: boolean): Promise<void> {
    const name = workerKey(worker);
    if (this.#workers.get(name) === undefined) throw new NotFoundError('worker', name);
    if (drained && !this.#workers.isDrained(name) && this.#workers.drained >= MOST_DRAINED) throw new ConflictError(`${MOST_DRAINED} workers are drained already; put some back first.`);
    await this.#write(drainedKey(worker.namespace, worker.app, worker.id), drained);
    await this.#heeding.until(() => this.#workers.isDrained(name) === drained);
  }

  async #write(key: string, drained: boolean): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const entry = await this.#bucket.get(key);
      if ((entry !== undefined) === drained) return;
      const isDone = entry === undefined
        ? (await this.#bucket.compareAndSet(key, JSON.stringify({ at: this.#context.clock.now() }), 0)) !== undefined
        : await this.#bucket.compareAndDelete(key, entry.revision);
      if (isDone) return;
    }
    throw new UnavailableError('Others are changing the same worker; try again.');
  }
}
