// A process that does the jobs of a queue: queue-worker-process.ts URL QUEUE CONCURRENCY STALLED_AFTER. Tells on its standard output what it begins and ends.
import { JobQueue, NonRetryableError } from '../../src-core/worker/index.ts';

/** What the job is to do; `tag` is given back. */
export interface QueueWork {
  readonly tag: number;
  readonly ms: number;
  /** So many tries fail first. */
  readonly failures?: number;
  /** Fails in a way that nobody tries again. */
  readonly isHopeless?: boolean;
  /** Never ends by itself. */
  readonly hangs?: boolean;
  /** The process that is the first to have begun so many of these stands still, until it is told to go on. */
  readonly standsAt?: number;
}

const [url = '', name = '', concurrency = '1', stalledAfter = '1000'] = process.argv.slice(2);

let standing = 0;
let allStand: () => void = () => {};
const standAll = new Promise<void>((resolve) => (allStand = resolve));
// When all have begun to wait: the time of none runs before.
void standAll.then(() => setImmediate(() => process.kill(process.pid, 'SIGSTOP')));
const queue = new JobQueue<{ work: QueueWork }>(name, { url });
await queue.process('work', async ({ runId, data, attempt, deliveries }, { signal }) => {
  process.stdout.write(`begin ${runId} ${attempt} ${deliveries}\n`);
  if (data.standsAt !== undefined && deliveries === 1 && attempt === 1) {
    if (++standing === data.standsAt) allStand();
    await standAll;
  }
  if (data.hangs === true) await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  await new Promise((resolve) => setTimeout(resolve, data.ms));
  process.stdout.write(`end ${runId}\n`);
  if (data.isHopeless === true) throw new NonRetryableError(`hopeless ${data.tag}`);
  if (attempt <= (data.failures ?? 0)) throw new Error(`failure ${attempt} of ${data.tag}`);
  return { tag: data.tag, pid: process.pid };
}, { concurrency: Number(concurrency), id: `w${process.pid}`, stalledAfter: Number(stalledAfter), maxStalled: 100 });
process.stdout.write('ready\n');
process.once('SIGTERM', () => void queue.gracefulShutdown(10_000).then(() => process.exit(0)));
