import { createInbox } from '@nats-io/transport-node';
import type { JobDefinition } from '../../src-core/domain/job.ts';
import { encodeDefinition } from '../../src-core/engine/definition-codec.ts';
import { DEFINITIONS_PREFIX, appKey, jobKey, namespaceKey } from '../../src-core/wire/index.ts';
import { withConnection } from './nats.ts';

export const NAMESPACE = 'bench';
export const APP = 'load';
/** Publishes on their way while seeding. */
const WINDOW = 2_000;

/** The `number`th job (from 1), as the API would store it; `part` says what is special. */
export function benchJob(number: number, part: Partial<JobDefinition> & { every?: string; jitterMs?: number }): JobDefinition {
  const { every, jitterMs, ...rest } = part;
  const now = Date.now();
  return {
    namespace: NAMESPACE, app: APP, name: `job${number}`, description: '',
    schedule: { expression: every ?? '', timezone: '', startAt: null, endAt: null, dst: 'once', jitterMs: jitterMs ?? 0 },
    category: 'standalone', model: 'max', condition: '', args: 'bench', argsKind: 'text',
    maxRunning: 1_000, overlap: 'skip', queueLimit: 100, timeoutMs: 60_000,
    retry: { attempts: 1, backoff: 'fixed', delayMs: 1_000, maxDelayMs: 60_000, on: ['fail', 'expired'] },
    misfire: { policy: 'once', windowMs: 60_000, max: 10 },
    rate: null, priority: 5, state: 'enabled', tags: [], owner: '', number, anchor: now, createdAt: now, updatedAt: now,
    ...rest,
  };
}

/** Writes the jobs, their namespace and their app straight into the definitions bucket, as a scheduler that knows no others will find them. */
export async function seedJobs(url: string, count: number, make: (number: number) => JobDefinition): Promise<void> {
  const now = Date.now();
  const group = { description: '', createdAt: now, updatedAt: now };
  await withConnection(url, async (connection) => {
    const inbox = createInbox();
    let sent = 0;
    let stored = 0;
    let problem = '';
    let wake: (() => void) | undefined;
    connection.subscribe(inbox, {
      callback: (_error, message) => {
        stored++;
        if (message.string().includes('"error"')) problem = message.string();
        wake?.();
      },
    });
    const untilBelow = async (most: number): Promise<void> => {
      while (sent - stored > most) await new Promise<void>((resolve) => { wake = resolve; });
    };
    const put = async (key: string, text: string): Promise<void> => {
      connection.publish(DEFINITIONS_PREFIX + key, text, { reply: inbox });
      if (++sent - stored > WINDOW) await untilBelow(WINDOW / 2);
    };
    await put(namespaceKey(NAMESPACE), encodeDefinition({ ...group, name: NAMESPACE }));
    await put(appKey(NAMESPACE, APP), encodeDefinition({ ...group, name: APP, namespace: NAMESPACE }));
    for (let number = 1; number <= count; number++) {
      const job = make(number);
      await put(jobKey(job.namespace, job.app, job.name), encodeDefinition(job));
    }
    await untilBelow(0);
    if (problem !== '') throw new Error(`A definition was not stored: ${problem}`);
  });
}
