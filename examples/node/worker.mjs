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

/** Your work. What it returns is kept with the run; when it throws, the run fails. */
async function work(args) {
  if (args === 'fail') throw new Error('told to fail');
  return `worked on ${args}`;
}

const nats = await connect({ servers: url, name: workerId, maxReconnectAttempts: -1 });
const buckets = new Kvm(nats);
const heartbeats = await buckets.open('natsjob-heartbeat');
const runs = nats.subscribe(subject, { queue: app });

const key = `natsjob.heartbeat.client.${namespace}.${app}.${workerId}`;
const beat = () => heartbeats.put(key, JSON.stringify({ id: workerId, namespace, appName: app }))
  .catch((error) => console.error('no heartbeat:', error.message));
await beat();
const beating = setInterval(beat, 5_000);

// Takes no more runs, and ends those it has.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void runs.drain());

for await (const message of runs) {
  const run = message.json();
  console.log('run', run.taskId);
  const end = { status: 'success', clientId: workerId };
  try {
    end.reason = await work(run.jobArgs);
  } catch (error) {
    Object.assign(end, { status: 'fail', reason: String(error.message ?? error) });
  }
  if (run.jobEndKvKey !== '') await answer(run, end); // lite and plus: nobody waits for an answer
}
clearInterval(beating);
await nats.drain();

/** Tries for a while: NATS may be away for a moment, and a lost answer lets the run expire. */
async function answer(run, end) {
  for (let tries = 1; tries <= 10; tries++) {
    try {
      const results = await buckets.open(run.jobEndResultKvBucket);
      return await results.put(run.jobEndKvKey, JSON.stringify(end));
    } catch (error) {
      console.error('answer not stored:', error.message);
      await pause(1_000);
    }
  }
}
