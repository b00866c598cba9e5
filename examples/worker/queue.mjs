// A queue: jobs are added here and done here; any number of other processes may do either.
import { JobPriority, JobQueue } from 'natsjob/worker';

const queue = new JobQueue('mail', { url: 'nats://127.0.0.1:4222', namespace: 'app', app: 'shop', attempts: 3, backoff: { type: 'exponential', delay: 1_000 } });

await queue.on('failed', ({ id, reason, willRetry }) => console.log('failed', id, reason, willRetry ? 'and is tried again' : 'for good'));

await queue.process({
  welcome: async ({ data, attempt }, { log, progress }) => {
    log(`to ${data.to}, try ${attempt}`);
    progress(50);
    return { sentTo: data.to };
  },
  digest: async ({ data }, { signal }) => {
    signal.throwIfAborted(); // cancelled, out of time, or this process stops
    return { mails: data.people.length };
  },
}, { concurrency: 8 });

const job = await queue.add('welcome', { to: 'ann@example.org' }, { priority: JobPriority.HIGH, dedupeKey: 'welcome-ann' });
await queue.addBulk([1, 2, 3].map((number) => ({ name: 'digest', data: { people: Array(number).fill('x') }, options: { priority: JobPriority.LOW } })));

console.log('done', job.id, await job.waitUntilFinished());

// Takes no more jobs, and ends those it has.
for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => queue.gracefulShutdown(20_000));
console.log('ready');
