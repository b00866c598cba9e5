import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { until } from './until.ts';

/** Only a limit for what hangs. */
const ANSWER_MS = 60_000;

/** A dispatched message as workers read it. Field names are the wire's. */
export interface Task {
  readonly taskId: string;
  readonly jobName: string;
  readonly jobArgs: string;
  readonly condition: string;
  readonly jobCreatedAt: string;
  readonly jobExpireTime: string;
  readonly jobEndKvKey: string;
  readonly jobEndResultKvBucket: string;
  readonly jobRunningCount: number;
  readonly attempt?: number;
  readonly rootTaskId?: string;
  readonly priority?: number;
}

export interface SeenMessage {
  readonly subject: string;
  readonly text: string;
  /** By the moment it arrived, epoch ms. */
  readonly at: number;
  header(name: string): string;
  /** The text as a dispatched message; throws when it is not JSON. */
  readonly task: Task;
}

/** Whole subject, or what must be true of the message. */
export type Match = string | ((message: SeenMessage) => boolean);

/** Sees every message of the protocol and answers when the test says so. Speaks plain NATS: nothing of natsjob's own code. */
export interface TestWorker {
  /** Everything on natsjob.job.> and natsjob-void.job.>, in order. */
  readonly messages: readonly SeenMessage[];
  /** The next message that fits and was not given out before. */
  next(match: Match, deadlineMs?: number): Promise<SeenMessage>;
  seen(match: Match): SeenMessage[];
  /** Puts the text, or the value as JSON, at the key of the results bucket; resolves with its sequence there. */
  answer(key: string | SeenMessage, end: unknown): Promise<number>;
  /** All that was put at the key of the results bucket, in order. */
  history(key: string): Promise<string[]>;
  /** One heartbeat. */
  beat(heartbeat: { namespace: string; appName: string; id: string } & Record<string, unknown>): Promise<void>;
  /** Any text on any subject of the protocol; resolves when the stream has it. */
  publish(subject: string, value: unknown): Promise<number>;
  /** Number of messages of the subject in the stream. */
  stored(subject: string): Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startTestWorker(url: string): Promise<TestWorker> {
  const nats = await connect({ servers: url, name: 'test worker', maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  let isConnected = true;
  void (async () => {
    for await (const { type } of nats.status()) {
      if (type === 'disconnect') isConnected = false;
      else if (type === 'reconnect') isConnected = true;
    }
  })();
  const messages: SeenMessage[] = [];
  const taken = new Set<SeenMessage>();
  for (const subject of ['natsjob.job.>', 'natsjob-void.job.>']) {
    nats.subscribe(subject, {
      callback: (_error, message) => {
        const text = message.string();
        messages.push({
          subject: message.subject, text, at: Date.now(), header: (name) => message.headers?.get(name) ?? '',
          get task() {
            return JSON.parse(text) as Task;
          },
        });
      },
    });
  }
  await nats.flush();

  async function store(subject: string, value: unknown): Promise<number> {
    // What the library is given before it is back is lost.
    await until(() => isConnected, { what: 'the test worker to be connected again' });
    const { seq, error } = (await nats.request(subject, textOf(value), { timeout: ANSWER_MS })).json<{ seq?: number; error?: { description: string } }>();
    if (error) throw new Error(`${subject}: ${error.description}`);
    return seq ?? 0;
  }

  return {
    messages,
    next: (match, deadlineMs = ANSWER_MS) => {
      const fits = matcher(match);
      return until(() => {
        const found = messages.find((message) => !taken.has(message) && fits(message));
        if (found) taken.add(found);
        return found;
      }, { deadlineMs, what: () => `a message on ${typeof match === 'string' ? match : 'a subject that fits'}; the last were ${messages.slice(-5).map(({ subject }) => subject).join(', ')}` });
    },
    seen: (match) => messages.filter(matcher(match)),
    answer: (key, end) => store(`$KV.natsjob-job-results.${typeof key === 'string' ? key : key.task.jobEndKvKey}`, end),
    async history(key) {
      const entries = await (await new Kvm(jetstream(nats, { timeout: ANSWER_MS })).open('natsjob-job-results')).history({ key });
      const texts: string[] = [];
      for await (const entry of entries) texts.push(entry.string());
      return texts;
    },
    async beat(heartbeat) {
      await store(`$KV.natsjob-heartbeat.natsjob.heartbeat.client.${heartbeat.namespace}.${heartbeat.appName}.${heartbeat.id}`, heartbeat);
    },
    publish: store,
    async stored(subject) {
      const request = JSON.stringify({ subjects_filter: subject });
      const info = (await nats.request('$JS.API.STREAM.INFO.natsjob', request, { timeout: ANSWER_MS })).json<{ state: { subjects?: Record<string, number> } }>();
      return info.state.subjects?.[subject] ?? 0;
    },
    [Symbol.asyncDispose]: () => nats.close(),
  };
}

function matcher(match: Match): (message: SeenMessage) => boolean {
  return typeof match === 'string' ? ({ subject }) => subject === match : match;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
