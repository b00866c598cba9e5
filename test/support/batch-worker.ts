// A worker whose one job goes through numbers in batches and keeps its place: `node batch-worker.ts <url> <namespace> <app> <job> <most> <ms a lock lasts>`.
// Args `until killed`: the first delivery goes on until it is killed.
// Says `from <cursor> attempt <n> deliveries <n>` when it begins a run and `at <cursor>` when a batch is safe.
import { createWorker } from '../../src-core/worker/index.ts';

const [url = '', namespace = '', app = '', job = '', most = '', lockMs = ''] = process.argv.slice(2);
const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const worker = createWorker({ url, namespace, app });
worker.handle(job, async (run, { checkpoint, lock, status }) => {
  let cursor = (await checkpoint.get<number>()) ?? 0;
  const held = await lock.acquire(`batches ${app}`, { ttl: Number(lockMs), wait: '1m' });
  say(`from ${cursor} attempt ${run.attempt} deliveries ${run.deliveries} fence ${held.fence}`);
  while (cursor < Number(most) || (run.args === 'until killed' && run.deliveries === 1)) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    cursor++;
    await checkpoint.set(cursor);
    say(`at ${cursor}`);
    if (run.args === 'fail' && run.attempt === 1 && cursor === 5) throw new Error('half way');
  }
  await status.set(`batches ${app}`, { cursor });
  return { cursor };
}, { ackWaitMs: 6_000 });
await worker.start();
say('ready');
