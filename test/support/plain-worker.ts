import { connect } from '@nats-io/transport-node';
import type { Msg, NatsConnection } from '@nats-io/transport-node';

/** A dispatched message, as far as a worker looks at it. */
export interface Task {
  readonly taskId: string;
  readonly jobName: string;
  readonly jobArgs: string;
  readonly jobEndKvKey: string;
  readonly jobEndResultKvBucket: string;
  readonly attempt?: number;
}

export interface Answer {
  readonly status: string;
  readonly reason?: string;
  readonly monitorStatus?: string;
  readonly monitorPayload?: string;
}

export interface PlainWorkerOptions {
  readonly url: string;
  readonly namespace: string;
  readonly app: string;
  /** With an id it sends heartbeats and listens to what is sent to it by name. */
  readonly clientId?: string;
  /** Undefined = keeps silent. `action` is the second word of the subject: start, pre-start, client-start. */
  answer(task: Task, action: string): Answer | undefined | Promise<Answer | undefined>;
}

export interface PlainWorker {
  /** Tasks answered, the answer being in the bucket. */
  readonly answered: number;
  [Symbol.asyncDispose](): Promise<void>;
}

const BEAT_MS = 2_000;
const AGAIN_MS = 100;

/**
 * A worker as anybody would write it, with the NATS client alone: it subscribes, and puts its answer on the key it was
 * given until the server says it has it. While NATS is away it misses messages, as such workers do.
 */
export async function startPlainWorker(options: PlainWorkerOptions): Promise<PlainWorker> {
  const { namespace, app, clientId } = options;
  const nc = await connectForEver(options.url, 'plain worker');
  let answered = 0;
  let isStopped = false;

  async function put(subject: string, text: string): Promise<boolean> {
    while (!isStopped) {
      try {
        const ack = (await nc.request(subject, text, { timeout: 1_000 })).json<{ seq?: number }>();
        if ((ack.seq ?? 0) > 0) return true;
      } catch {
        // Away, or no bucket yet.
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
    return false;
  }

  async function work(message: Msg): Promise<void> {
    const task = message.json<Task>();
    const answer = await options.answer(task, message.subject.split('.')[2] ?? '');
    if (answer === undefined || task.jobEndKvKey === '') return;
    if (await put(`$KV.${task.jobEndResultKvBucket}.${task.jobEndKvKey}`, JSON.stringify({ clientId, ...answer }))) answered++;
  }

  const callback = (_error: unknown, message: Msg): void => void work(message);
  for (const prefix of ['natsjob', 'natsjob-void']) {
    for (const action of ['start', 'pre-start']) nc.subscribe(`${prefix}.job.${action}.${namespace}.${app}.*`, { callback });
  }
  let beat: NodeJS.Timeout | undefined;
  if (clientId !== undefined) {
    nc.subscribe(`natsjob.job.client-start.${namespace}.${app}.*.${clientId}`, { callback });
    const text = JSON.stringify({ id: clientId, namespace, appName: app, weight: 100 });
    const key = `$KV.natsjob-heartbeat.natsjob.heartbeat.client.${namespace}.${app}.${clientId}`;
    await put(key, text);
    beat = setInterval(() => nc.publish(key, text), BEAT_MS);
  }
  await nc.flush();
  return {
    get answered() {
      return answered;
    },
    async [Symbol.asyncDispose]() {
      isStopped = true;
      clearInterval(beat);
      await nc.close();
    },
  };
}

/** A client that comes back whenever the server does. The servers of a cluster stand with commas between them, and take the first one's login. */
export function connectForEver(url: string, name: string): Promise<NatsConnection> {
  const [first, ...others] = url.split(',').map((each) => new URL(each)) as [URL, ...URL[]];
  const { username, password } = first;
  return connect({ servers: [first, ...others].map(({ host }) => host), ...(username === '' ? {} : { user: username, pass: password }), name, maxReconnectAttempts: -1, reconnectTimeWait: 25, reconnectJitter: 10, waitOnFirstConnect: true, timeout: 5_000 });
}
