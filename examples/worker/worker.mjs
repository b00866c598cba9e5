// A worker: takes the runs of one job, does the work, and says how each ended.
import { createWorker, NonRetryableError } from 'natsjob/worker';

const worker = createWorker({ url: 'nats://127.0.0.1:4222', namespace: 'app', app: 'shop', concurrency: 4 });

worker.handle('report', async (run, { signal, log, progress }) => {
  const { pages = 3, broken = false } = run.payload ?? {};
  if (broken) throw new NonRetryableError('these args will never work');
  for (let page = 1; page <= pages; page++) {
    signal.throwIfAborted(); // cancelled, out of time, or the worker stops
    log(`page ${page}`);
    progress((100 * page) / pages);
  }
  return { pages };
});

// Takes no more runs, and ends those it has.
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => worker.stop({ graceMs: 20_000 }));

await worker.start();
console.log('ready', worker.id);
