import { ConflictError, UnavailableError } from '../domain/errors.ts';
import { MAX_JOB_NUMBER } from '../domain/job.ts';
import type { Bucket, Store } from '../ports/index.ts';
import type { Jobs } from './jobs.ts';

const KEY = 'job-number';
/** Taken at a time; those left over at a stop are lost, which 2 million numbers can bear. */
const BLOCK = 16;
const TRIES = 50;

/** Gives out job numbers by compare-and-set on a counter. Once it has run through, numbers are reused when nothing kept bears them. */
export class JobNumbers {
  readonly #bucket: Bucket;
  readonly #jobs: Jobs;
  readonly #store: Store;
  #free: number[] = [];
  #queue: Promise<unknown> = Promise.resolve();

  constructor(bucket: Bucket, jobs: Jobs, store: Store) {
    this.#bucket = bucket;
    this.#jobs = jobs;
    this.#store = store;
  }

  /** Rejects with UnavailableError when NATS does not answer, ConflictError when all numbers are in use. */
  take(): Promise<number> {
    const taken = this.#queue.then(() => this.#next());
    this.#queue = taken.catch(() => undefined);
    return taken;
  }

  async #next(): Promise<number> {
    for (let tries = 0; tries < 100_000; tries++) {
      const number = this.#free.shift();
      if (number === undefined) {
        await this.#takeBlock();
        continue;
      }
      if (this.#jobs.byNumber(number) === undefined && !(await this.#store.hasRunsOf(number))) return number;
    }
    throw new ConflictError(`No job number is free: each of the ${MAX_JOB_NUMBER} is a job's or of runs still kept.`);
  }

  async #takeBlock(): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const entry = await this.#bucket.get(KEY);
      const from = readCounter(entry?.text);
      const to = from + BLOCK > MAX_JOB_NUMBER ? 1 : from + BLOCK;
      const revision = await this.#bucket.compareAndSet(KEY, String(to), entry?.revision ?? 0);
      if (revision === undefined) continue;
      for (let number = from; number < from + BLOCK && number <= MAX_JOB_NUMBER; number++) this.#free.push(number);
      return;
    }
    throw new UnavailableError('The job number counter is contended; try again.');
  }
}

function readCounter(text: string | undefined): number {
  const value = Number(text);
  return Number.isInteger(value) && value >= 1 && value <= MAX_JOB_NUMBER ? value : 1;
}
