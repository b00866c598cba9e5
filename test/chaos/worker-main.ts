// A worker process of a chaos run: node worker-main.ts <NATS URL> <id> <replicas>. It is killed without warning.
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { connectForEver } from '../support/plain-worker.ts';
import { answerTo, NAMESPACE } from './load.ts';
import type { Task } from './load.ts';

const BEAT_MS = 2_000;
const AGAIN_MS = 200;
const ACK_NS = 5_000_000_000;

const [url = '', id = '', replicas = '1'] = process.argv.slice(2);
const nc = await connectForEver(url, `chaos worker ${id}`);
serveCore(nc);
for (const app of ['core', 'stream']) void beat(nc, app);
// Shared by the worker processes, and one for what is sent to this one by name.
void readStream(nc, `chaos-any`, ['start', 'pre-start'].map((action) => `natsjob.job.${action}.${NAMESPACE}.stream.*`));
void readStream(nc, `chaos-${id}`, [`natsjob.job.client-start.${NAMESPACE}.stream.*.${id}`, `natsjob.job.group-start.${NAMESPACE}.stream.*.${groupOf(id)}`]);

/** As anybody would write it: subscribes, in a queue group where one of many is meant. */
function serveCore(client: NatsConnection): void {
  const callback = (_error: unknown, message: Msg): void => void work(client, message.json<Task>(), message.subject);
  const ofApp = `${NAMESPACE}.core.*`;
  for (const prefix of ['natsjob', 'natsjob-void']) {
    for (const action of ['start', 'pre-start']) client.subscribe(`${prefix}.job.${action}.${ofApp}`, { callback, queue: 'workers' });
  }
  client.subscribe(`natsjob.job.client-start.${ofApp}.${id}`, { callback });
  client.subscribe(`natsjob.job.group-start.${ofApp}.${groupOf(id)}`, { callback, queue: 'group' });
}

async function readStream(client: NatsConnection, durable: string, subjects: string[]): Promise<never> {
  for (;;) {
    try {
      const manager = await jetstreamManager(client, { checkAPI: false });
      await manager.consumers.add('natsjob', { durable_name: durable, ack_policy: AckPolicy.Explicit, ack_wait: ACK_NS, filter_subjects: subjects, num_replicas: Number(replicas) });
      const consumer = await jetstream(client).consumers.get('natsjob', durable);
      for await (const message of await consumer.consume({ max_messages: 100, expires: 5_000 })) {
        void work(client, message.json<Task>(), message.subject);
        message.ack();
      }
    } catch {
      // NATS is away, or the stream is not there yet.
    }
    await pause(AGAIN_MS);
  }
}

async function work(client: NatsConnection, task: Task, subject: string): Promise<void> {
  const answer = answerTo(task, subject.split('.')[2] ?? '');
  if (answer === undefined || task.jobEndKvKey === '') return;
  if (answer.afterMs > 0) await pause(answer.afterMs);
  const { status, monitorStatus } = answer;
  await put(client, `$KV.${task.jobEndResultKvBucket}.${task.jobEndKvKey}`, JSON.stringify({ status, clientId: id, ...(monitorStatus === undefined ? {} : { monitorStatus, monitorPayload: task.taskId }) }));
}

async function put(client: NatsConnection, subject: string, text: string): Promise<void> {
  for (;;) {
    try {
      if (((await client.request(subject, text, { timeout: 2_000 })).json<{ seq?: number }>().seq ?? 0) > 0) return;
    } catch {
      // Away; it is tried until the bucket has it.
    }
    await pause(AGAIN_MS);
  }
}

async function beat(client: NatsConnection, app: string): Promise<never> {
  const text = JSON.stringify({ id, namespace: NAMESPACE, appName: app, weight: 100, group: groupOf(id) });
  for (;;) {
    await put(client, `$KV.natsjob-heartbeat.natsjob.heartbeat.client.${NAMESPACE}.${app}.${id}`, text);
    await pause(BEAT_MS);
  }
}

/** Two groups, whatever the number of workers. */
function groupOf(worker: string): string {
  return Number(worker.slice(1)) % 2 === 0 ? 'even' : 'odd';
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
