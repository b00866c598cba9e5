import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { wantedObjects } from '../../src-core/nats/objects.ts';
import { anyNodeSubject, decodeFrame, encodeFrame } from '../../src-core/wire/index.ts';
import { PATIENT_MS } from './nats-server.ts';

export const QUEUE_STATUS = { waiting: 0, delayed: 0, active: 0, completed: 0, failed: 0, expired: 0, cancelled: 0, state: 'enabled', workers: 0, oldestWaitingAt: null };

/** What a queue needs of a scheduler: the streams, and answers. `answers`: by method, instead of those it has. Returns the way to end it. */
export async function startQueueScheduler(url: string, answers: Readonly<Record<string, object>> = {}): Promise<() => Promise<void>> {
  const client = await connect({ servers: url });
  const manager = await jetstreamManager(client, { timeout: PATIENT_MS });
  for (const object of wantedObjects({ replicas: 1, maxBytes: 64 * 1024 ** 2 })) await manager.streams.add(object);
  client.subscribe(anyNodeSubject('>' as never), { callback: (_error, message) => {
    const method = (decodeFrame(message.data)?.head as { method?: string } | undefined)?.method ?? '';
    message.respond(encodeFrame({ value: answers[method] ?? (method === 'job.declare' ? { job: { id: 1 }, outcome: 'created' } : QUEUE_STATUS) }, new Uint8Array(0)));
  } });
  await client.flush();
  return () => client.close();
}
