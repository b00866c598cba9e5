import type { AddOptions, CompletedEvent, FailedEvent, JobQueue, QueueJob } from '../../src-core/worker/index.ts';
import { JobPriority } from '../../src-core/worker/index.ts';
import type { QueueWork } from './queue-worker-process.ts';

/** A job that was added, and what has to become of it whoever dies. */
export interface AddedWork {
  readonly job: QueueJob<QueueWork>;
  readonly work: QueueWork;
  /** `error` is the last attempt's. */
  readonly expected: { readonly status: 'completed' | 'failed'; readonly attempts: number; readonly error?: RegExp };
}

type Queue = JobQueue<{ work: QueueWork }>;

const LONG_MS = 4_000;

/** Jobs of all kinds, as chance has it. */
export class QueueLoad {
  readonly added: AddedWork[] = [];
  readonly completed: CompletedEvent[] = [];
  readonly failed: FailedEvent[] = [];
  readonly #queue: Queue;
  readonly #chance: () => number;
  #tags = 0;

  constructor(queue: Queue, chance: () => number) {
    this.#queue = queue;
    this.#chance = chance;
  }

  async listen(): Promise<void> {
    await this.#queue.on('completed', (event) => void this.completed.push(event));
    await this.#queue.on('failed', (event) => void this.failed.push(event));
  }

  /** One, or up to thirty in a bulk. */
  async addSome(): Promise<void> {
    const count = this.#chance() < 0.5 ? 1 : 2 + Math.floor(this.#chance() * 29);
    const wanted = Array.from({ length: count }, () => this.#make());
    const jobs = count === 1
      ? [await this.#queue.add('work', wanted[0]!.work, wanted[0]!.options)]
      : await this.#queue.addBulk(wanted.map(({ work, options }) => ({ name: 'work' as const, data: work, options })));
    for (const [index, { work, expected }] of wanted.entries()) this.added.push({ job: jobs[index]!, work, expected });
  }

  /** One that takes so long that whoever does it can be killed over it; resolves with its id. */
  async addLong(): Promise<string> {
    const work = { tag: ++this.#tags, ms: LONG_MS };
    const job = await this.#queue.add('work', work, { priority: JobPriority.CRITICAL });
    this.added.push({ job, work, expected: { status: 'completed', attempts: 1 } });
    return job.id;
  }

  #make(): { work: QueueWork; options: AddOptions; expected: AddedWork['expected'] } {
    const chance = this.#chance;
    const tag = ++this.#tags;
    const base = { tag, ms: 2 + Math.floor(chance() * 60) };
    const priority = [JobPriority.LOW, JobPriority.NORMAL, JobPriority.HIGH, JobPriority.CRITICAL][Math.floor(chance() * 4)] as number;
    const delay = chance() < 0.2 ? { delay: 1 + Math.floor(chance() * 1_500) } : {};
    const options = { priority, ...delay, backoff: { type: 'exponential', delay: 20 + Math.floor(chance() * 80) } } as const;
    const kind = chance();
    if (kind < 0.6) return { work: base, options, expected: { status: 'completed', attempts: 1 } };
    if (kind < 0.8) {
      const failures = 1 + Math.floor(chance() * 3);
      return { work: { ...base, failures }, options: { ...options, attempts: failures + 1 }, expected: { status: 'completed', attempts: failures + 1 } };
    }
    if (kind < 0.9) {
      const attempts = 1 + Math.floor(chance() * 3);
      return { work: { ...base, failures: 99 }, options: { ...options, attempts }, expected: { status: 'failed', attempts, error: new RegExp(`^Error: failure ${attempts} of ${tag}$`) } };
    }
    if (kind < 0.95) return { work: { ...base, isHopeless: true }, options: { ...options, attempts: 5 }, expected: { status: 'failed', attempts: 1, error: new RegExp(`^NonRetryableError: hopeless ${tag}$`) } };
    return { work: { ...base, hangs: true }, options: { ...options, attempts: 2, timeout: 400 }, expected: { status: 'failed', attempts: 2, error: /^no end within \d+ ms$/ } };
  }
}
