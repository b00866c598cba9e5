import type { JetStreamManager, NextMsgRequest, StoredMsg } from '@nats-io/jetstream';
import { apiCode } from './errors.ts';

const NO_MESSAGE = 10037;

/** First message at the sequence or after it, on subjects that fit; undefined when there is none. Rejects with the client library's errors. */
export async function nextMessage(manager: JetStreamManager, stream: string, subjects: string, from: number): Promise<StoredMsg | undefined> {
  // The server takes both together; the type of the library's stream API does not say so.
  const request: NextMsgRequest & { seq: number } = { seq: from, next_by_subj: subjects };
  try {
    return (await manager.streams.getMessage(stream, request)) ?? undefined;
  } catch (error) {
    if (apiCode(error) === NO_MESSAGE) return undefined;
    throw error;
  }
}

/**
 * Whether all up to `through` that fits was read by whoever stands at `position`: the stream's leader has nothing in between. A consumer
 * cannot tell, as its server may be behind. Rejects with the client library's errors.
 */
export async function holdsNothingMore(manager: JetStreamManager, stream: string, subjects: string, position: number, through: number): Promise<boolean> {
  const next = await nextMessage(manager, stream, subjects, position + 1);
  return next === undefined || next.seq > through;
}
