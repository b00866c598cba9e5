import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect, headers } from '@nats-io/transport-node';
import type { Msg, MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { PATIENT_MS, startNatsServer } from './nats-server.ts';
import type { TestNatsServer } from './nats-server.ts';
import { until } from './until.ts';

export interface Sent {
  readonly taskId: string;
  readonly endKey: string;
  /** On which it was published. */
  readonly subject: string;
}

export interface SentOptions {
  readonly args?: string;
  readonly category?: string;
  readonly model?: string;
  readonly action?: 'start' | 'pre-start' | 'client-start' | 'group-start';
  /** Last token of the subject. */
  readonly tail?: string;
  /** How long the run has. Default a minute. */
  readonly timeMs?: number;
  readonly taskId?: string;
  /** Replace or add fields of the message. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface End {
  readonly status: string;
  readonly reason?: string;
  readonly clientId?: string;
  readonly noRetry?: boolean;
  readonly monitorStatus?: string;
  readonly monitorPayload?: string;
}

/** A NATS server with the scheduler's streams and buckets, and the test in the scheduler's place. */
export interface Stage {
  readonly server: TestNatsServer;
  readonly url: string;
  readonly nats: NatsConnection;
  /** Publishes a run as a scheduler does, word for word after the wire contract. */
  send(job: string, options?: SentOptions): Promise<Sent>;
  /** All ends of the run, as soon as there are `least`, by default one. */
  ends(sent: Sent, least?: number, deadlineMs?: number): Promise<End[]>;
  /** What the server, or a stream, answers. */
  ask(subject: string, text?: string): Promise<Msg>;
  cancel(job: string, taskId: string, reason?: string): void;
  beat(id: string): Promise<Record<string, unknown> | undefined>;
  [Symbol.asyncDispose](): Promise<void>;
}

const APP = 'shop';
/** Long, as what is asked for again comes twice where a subscription of core NATS listens. */
const ANSWER_MS = 30_000;
let nextId = 912_263_334_592_512_001n;

export interface StageOptions {
  /** Further lines of the server's configuration. */
  readonly config?: string;
  /** The test's own login, which may do all. */
  readonly login?: { readonly user: string; readonly pass: string };
}

export async function openStage({ config, login }: StageOptions = {}): Promise<Stage> {
  const server = await startNatsServer(config === undefined ? {} : { config });
  const nats = await connect({ servers: server.url, ...login, name: 'stage', maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  const manager = await jetstreamManager(nats, { timeout: PATIENT_MS });
  await manager.streams.add({ name: 'natsjob', subjects: ['natsjob.>'] });
  const kvm = new Kvm(jetstream(nats, { timeout: PATIENT_MS }));
  await kvm.create('natsjob-job-results', { history: 8 });
  // Asked again and again: what was lost with a connection is not waited for long.
  const results = await until(() => new Kvm(nats).open('natsjob-job-results').catch(() => undefined), { what: 'the bucket of results' });
  const heartbeats = await kvm.create('natsjob-heartbeat', { history: 1 });

  let sends = 0;
  const lost = new Set<() => void>();
  void (async () => {
    for await (const { type } of nats.status()) if (type === 'disconnect' || type === 'reconnect') for (const each of [...lost]) each();
  })();
  /** False when the connection broke, on which nobody answers any more, or nobody takes it yet. */
  const isTaken = (subject: string, text: string, block: MsgHdrs): Promise<boolean> => new Promise((resolve) => {
    const settle = (taken: boolean): void => {
      lost.delete(isLost);
      resolve(taken);
    };
    const isLost = (): void => settle(false);
    lost.add(isLost);
    nats.request(subject, text, { headers: block, timeout: ANSWER_MS }).then(() => settle(true), isLost);
  });

  return {
    server, nats, url: server.url,
    async send(job, options = {}) {
      const { args = '', category = 'standalone', model = 'max', action = 'start', tail, timeMs = 60_000, taskId = String(nextId++), fields = {} } = options;
      const isAnswered = model !== 'lite' && model !== 'plus';
      const kind = action === 'pre-start' ? 'pre-end' : tail === undefined ? 'end' : 'client-end';
      const endKey = isAnswered ? `natsjob.job.${kind}.app.${APP}.${job}.${taskId}${tail === undefined ? '' : `.${tail}`}` : '';
      const now = Date.now();
      const text = JSON.stringify({
        taskId, namespace: 'app', appName: APP, jobName: job, jobCategory: category, jobModel: model, condition: '', jobArgs: args,
        jobCreatedAt: stamp(now), jobExpireTime: isAnswered ? stamp(now + timeMs) : '', jobEndKvKey: endKey,
        jobEndResultKvBucket: isAnswered ? 'natsjob-job-results' : '', jobRunningCount: 0, nextPayload: '', ...fields,
      });
      const subject = `${model === 'lite' ? 'natsjob-void' : 'natsjob'}.job.${action}.app.${APP}.${job}${tail === undefined ? '' : `.${tail}`}`;
      const block = headers();
      for (const [name, value] of Object.entries(options.headers ?? {})) block.set(name, value);
      if (model === 'lite') nats.publish(subject, text);
      else {
        // Asked again where NATS was away, it is stored once.
        block.set('Nats-Msg-Id', `${taskId}:${++sends}`);
        await until(() => isTaken(subject, text, block), { what: 'the stream to take a run' });
      }
      return { taskId, endKey, subject };
    },
    ends: (sent, least = 1, deadlineMs = 60_000) => until(async () => {
      const found: End[] = [];
      try {
        for await (const entry of await results.history({ key: sent.endKey })) found.push(entry.json<End>());
      } catch {
        // NATS was away when it was asked.
        return false;
      }
      return found.length >= least && found;
    }, { deadlineMs, what: `${least} ends of run ${sent.taskId}` }),
    ask: (subject, text = '') => nats.request(subject, text, { timeout: ANSWER_MS }),
    cancel: (job, taskId, reason = 'by a person') => nats.publish(`natsjob.job.cancel.app.${APP}.${job}.${taskId}`, JSON.stringify({ taskId, reason })),
    async beat(id) {
      const entry = await heartbeats.get(`natsjob.heartbeat.client.app.${APP}.${id}`);
      return entry?.json<Record<string, unknown>>();
    },
    async [Symbol.asyncDispose]() {
      await nats.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** In a zone far from the machine's own, as a scheduler elsewhere writes it. */
function stamp(ms: number): string {
  return new Date(ms + 11 * 3_600_000).toISOString().replace('T', ' ').replace('Z', '');
}
