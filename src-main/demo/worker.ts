// A worker as anybody could write it: the plain NATS client and the wire protocol, nothing of natsjob.
//   node demo-worker.mjs <nats url> <namespace> <app> <its own id>
// Prints a line for each message it gets. Ends when its standard input does, or on SIGTERM.
// With several workers to an app, the subscriptions of standalone and map jobs would share a queue group.
import { Kvm } from '@nats-io/kv';
import { connect, type Msg } from '@nats-io/transport-node';

const [url = '', namespace = '', app = '', id = ''] = process.argv.slice(2);
const group = 'demo-group';
const nats = await connect({ servers: url, name: id });
const buckets = new Kvm(nats);
const results = await buckets.open('natsjob-job-results');
const heartbeats = await buckets.open('natsjob-heartbeat');

const job = `${namespace}.${app}.*`;
const subjects = [
  `natsjob-void.job.start.${job}`, `natsjob-void.job.pre-start.${job}`, // lite
  `natsjob.job.start.${job}`, `natsjob.job.pre-start.${job}`, // plus, max and pro
  `natsjob.job.client-start.${job}.${id}`, // ultra
];
for (const subject of subjects) nats.subscribe(subject, { callback: (_error, message) => void work(message).catch(tell) });
nats.subscribe(`natsjob.job.group-start.${job}.${group}`, { queue: group, callback: (_error, message) => void work(message).catch(tell) });

async function work(message: Msg): Promise<void> {
  const run = message.json<{ taskId: string; jobName: string; jobEndKvKey: string }>();
  process.stdout.write(`${JSON.stringify({ subject: message.subject, taskId: run.taskId, job: run.jobName })}\n`);
  if (run.jobEndKvKey === '') return; // lite and plus: nobody waits for an answer
  const isFirstStepOfMap = message.subject.includes('.pre-start.');
  await results.put(run.jobEndKvKey, JSON.stringify({ status: isFirstStepOfMap ? 'success:next' : 'success', clientId: id }));
}

/** A put without an answer in time: the next beat, or the next run, goes its own way. */
function tell(error: unknown): void {
  process.stderr.write(`${String(error)}\n`);
}

await nats.flush();

// From now on it is counted on: what is sent to it comes.
const beat = (): void => {
  heartbeats.put(`natsjob.heartbeat.client.${namespace}.${app}.${id}`, JSON.stringify({ id, namespace, appName: app, weight: 100, group })).catch(tell);
};
beat();
const beating = setInterval(beat, 5_000);

const end = async (): Promise<void> => {
  clearInterval(beating);
  await nats.drain();
  process.exit(0);
};
process.once('SIGTERM', () => void end());
process.stdin.once('end', () => void end()).resume();
process.stdout.write(`${JSON.stringify({ ready: id })}\n`);
