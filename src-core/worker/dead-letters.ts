import { JetStreamApiCodes, JetStreamApiError, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { DEAD_LETTERS_STREAM, DEAD_LETTERS_SUBJECTS, encodeDeadLetter } from '../wire/index.ts';
import type { DeadLetter } from '../wire/index.ts';
import { askPatiently } from './common/ask-patiently.ts';
import type { WorkerConnection } from './connection.ts';

const KEPT_MS = 30 * 24 * 3_600_000;
const MAX_BYTES = 1024 ** 3;
const GIVE_UP_MS = 30_000;

/**
 * Keeps what was given up in the stream `natsjob-dead-letters`, which is made when it is not there; one that is keeps its
 * settings. Resolves when it is stored. `id` keeps a second copy out. Rejects with the client library's errors or NotStoredError.
 */
export async function keepDeadLetter(connection: WorkerConnection, subject: string, letter: DeadLetter, id: string): Promise<void> {
  await askPatiently(connection, () => ensureStream(connection));
  await connection.publisher.store(subject, encodeDeadLetter(letter), { id, giveUpAfterMs: GIVE_UP_MS });
}

async function ensureStream({ manager: { streams } }: WorkerConnection): Promise<void> {
  try {
    await streams.info(DEAD_LETTERS_STREAM);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== JetStreamApiCodes.StreamNotFound) throw error;
    await streams.add({
      name: DEAD_LETTERS_STREAM, subjects: [...DEAD_LETTERS_SUBJECTS], storage: StorageType.File, retention: RetentionPolicy.Limits,
      max_age: nanos(KEPT_MS), max_bytes: MAX_BYTES, max_msgs_per_subject: 100,
    });
  }
}
