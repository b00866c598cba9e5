import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { PATIENT_MS } from './nats-server.ts';
import { connectForEver } from './plain-worker.ts';

export interface StoredMessage {
  readonly sequence: number;
  readonly subject: string;
  /** Nats-Msg-Id, '' if none. */
  readonly id: string;
  /** Natsjob-Run, '' if none. */
  readonly run: string;
  readonly term: string;
  /** When the server took it, epoch ms. */
  readonly at: number;
  readonly text: string;
}

/** Of the newest message the stream has taken; 0 of an empty one. */
export async function lastSequence(url: string, stream: string): Promise<number> {
  const nc = await connectForEver(url, 'reader');
  try {
    return (await (await jetstreamManager(nc, { timeout: PATIENT_MS })).streams.info(stream)).state.last_seq;
  } finally {
    await nc.close();
  }
}

/** All that a stream holds, read with the client library's own consumer. */
export async function readStream(url: string, stream: string): Promise<readonly StoredMessage[]> {
  const nc = await connectForEver(url, 'reader');
  try {
    const js = jetstream(nc, { timeout: PATIENT_MS });
    const consumer = await js.consumers.get(stream, { deliver_policy: DeliverPolicy.All });
    const { num_pending: pending } = await consumer.info();
    const messages: StoredMessage[] = [];
    if (pending === 0) return messages;
    for await (const message of await consumer.consume({ max_messages: 500 })) {
      const header = (name: string): string => message.headers?.get(name) ?? '';
      messages.push({ sequence: message.seq, subject: message.subject, id: header('Nats-Msg-Id'), run: header('Natsjob-Run'), term: header('Natsjob-Term'), at: message.info.timestampNanos / 1e6, text: message.string() });
      if (message.info.pending === 0) return messages;
    }
    return messages;
  } finally {
    await nc.close();
  }
}
