// A service with its jobs in code: each has its times, its handler and its limits, and the scheduler is told of them.
import { cron, every, job, openJobService } from 'natsjob/worker';

/** Stands for a database. */
const users = Array.from({ length: 25 }, (_, index) => ({ id: index + 1 }));
const page = async (after, size) => users.filter(({ id }) => id > after).slice(0, size);

const archiveUsers = job('archive-users', every('5s'), async (run, { checkpoint, lock, log, signal, status }) => {
  // Also a run that somebody started by hand, or of another job, keeps out.
  const held = await lock.tryAcquire('archive-users', { ttl: '1m' });
  if (held === undefined) return 'somebody else is at it';
  let lastId = (await checkpoint.get()) ?? 0; // where an attempt before this one, or a worker that died, has come to
  for (let batch = await page(lastId, 10); batch.length > 0; batch = await page(lastId, 10)) {
    signal.throwIfAborted();
    held.signal.throwIfAborted(); // the lock is lost
    lastId = batch.at(-1).id;
    await checkpoint.set(lastId);
    log(`archived up to ${lastId}`);
  }
  await status.set('archive-users', { lastId, at: new Date().toISOString() }, { ttl: '1h' });
  return { lastId };
}, { timeoutMs: 300_000, retry: { attempts: 3, delayMs: 1_000 } });

const nightly = job('nightly-report', cron('0 0 2 * * *', { timezone: 'Europe/Berlin' }), () => 'done', { timeoutMs: 3_600_000, owner: 'team data' });

const service = await openJobService({ url: 'nats://127.0.0.1:4222', namespace: 'app', app: 'shop', jobs: [archiveUsers, nightly] });

// Takes no more runs, and ends those it has.
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => service.stop({ graceMs: 20_000 }));

console.log('ready', JSON.stringify(await service.declared));
