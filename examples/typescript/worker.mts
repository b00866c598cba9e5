// A natsjob worker: takes the runs of one job, does the work, and says how each ended.
import { setTimeout as pause } from 'node:timers/promises';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';

// natsjob:begin
const url = 'nats://127.0.0.1:4222';
const namespace = 'app';
const app = 'shop';
const workerId = 'worker-1'; // each worker that runs has its own
// Broadcast: subscribe without the queue. Ultra: natsjob.job.client-start.app.shop.report.worker-1
const subject = 'natsjob.job.start.app.shop.report';
// natsjob:end

/** What this worker reads of a dispatched message. */
interface Run {
  readonly taskId: string;
  readonly jobArgs: string;
  /** Empty for lite and plus: nobody waits for an answer. */
  readonly jobEndKvKey: string;
  readonly jobEndResultKvBucket: string;
}

interface End {
  readonly status: 'success' | 'fail';
  readonly reason: string;
}

/** Your work. What it returns is kept with the run; when it throws, the run fails. */
async function work(args: string): Promise<string> {
  if (args === 'fail') throw new Error('told to fail');
  return `worked on ${args}`;
}

const nats = await connect({ servers: url, name: workerId, maxReconnectAttempts: -1 });
const buckets = new Kvm(nats);
const runs = nats.subscribe(subject, { queue: app });

await beat();
const beating = setInterval(() => void beat(), 5_000);

// Takes no more runs, and ends those it has.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void runs.drain());

for await (const message of runs) {
  const run = message.json<Run>();
  console.log('run', run.taskId);
  const end = await work(run.jobArgs).then<End, End>(
    (reason) => ({ status: 'success', reason }),
    (error: unknown) => ({ status: 'fail', reason: error instanceof Error ? error.message : String(error) }),
  );
  if (run.jobEndKvKey !== '') await answer(run, end);
}
clearInterval(beating);
await nats.drain();

/** Tries for a while: NATS may be away for a moment, and a lost answer lets the run expire. */
async function answer(run: Run, end: End): Promise<void> {
  for (let tries = 1; tries <= 10; tries++) {
    if (await put(run.jobEndResultKvBucket, run.jobEndKvKey, { ...end, clientId: workerId })) return;
    await pause(1_000);
  }
}

async function beat(): Promise<void> {
  const key = `natsjob.heartbeat.client.${namespace}.${app}.${workerId}`;
  await put('natsjob-heartbeat', key, { id: workerId, namespace, appName: app });
}

async function put(bucket: string, key: string, value: object): Promise<boolean> {
  try {
    const store = await buckets.open(bucket);
    await store.put(key, JSON.stringify(value));
    return true;
  } catch (error) {
    console.error(`${key} not stored:`, error);
    return false;
  }
}
