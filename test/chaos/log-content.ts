import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import { PATIENT_MS } from '../support/nats-server.ts';
import { connectForEver } from '../support/plain-worker.ts';

export interface LogMessage {
  readonly sequence: number;
  readonly subject: string;
  /** Nats-Msg-Id. */
  readonly id: string;
  readonly term: number;
  /** '' when it is not about one run. */
  readonly taskId: string;
  /** Epoch ms. */
  readonly storedAt: number;
}

const TASK = /"taskId":"(\d+)"/;

/** All of the runs stream. */
export async function readLog(url: string): Promise<readonly LogMessage[]> {
  const nc = await connectForEver(url, 'chaos accounts');
  try {
    const consumer = await jetstream(nc, { timeout: PATIENT_MS }).consumers.get('natsjob', { deliver_policy: DeliverPolicy.All });
    const { num_pending: pending } = await consumer.info();
    const messages: LogMessage[] = [];
    if (pending === 0) return messages;
    for await (const message of await consumer.consume({ max_messages: 1_000 })) {
      const text = message.string();
      messages.push({
        sequence: message.seq, subject: message.subject, id: message.headers?.get('Nats-Msg-Id') ?? '', term: Number(message.headers?.get('Natsjob-Term') ?? 0),
        taskId: TASK.exec(text)?.[1] ?? '', storedAt: Math.floor(message.info.timestampNanos / 1e6),
      });
      if (message.info.pending === 0) return messages;
    }
    return messages;
  } finally {
    await nc.close();
  }
}

/** The runs stream's last sequence; undefined while nobody can tell. */
export async function lastSequence(url: string): Promise<number | undefined> {
  try {
    const nc = await connectForEver(url, 'chaos accounts');
    try {
      const answer = (await nc.request('$JS.API.STREAM.INFO.natsjob', undefined, { timeout: 2_000 })).json<{ state?: { last_seq: number } }>();
      return answer.state?.last_seq;
    } finally {
      await nc.close();
    }
  } catch {
    return undefined;
  }
}
