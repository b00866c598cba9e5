import type { ReadOptions, StoredMessage } from '../ports/bus.ts';
import { askAgain } from './ask-again.ts';
import type { Connection } from './connection.ts';
import { isStreamMissing } from './errors.ts';
import { DeliveredMessage } from './feed-message.ts';
import { headerRecord } from './header-block.ts';
import { PushConsumer } from './push-consumer.ts';

/**
 * Gives out what the stream holds now, by a consumer of its own that feeds know nothing of. True when all came by or the reader
 * has enough, false when the time was up before; a stream that is missing is empty. A server that stands still is asked again as long
 * as there is time. Rejects with the client library's errors.
 */
export async function readStored(connection: Connection, options: ReadOptions): Promise<boolean> {
  const { stream, subjects, from = 1, storedFrom, limitMs } = options;
  let finish: (isWhole: boolean) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const done = new Promise<boolean>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  // Whoever fails while the consumer is being made is heard below.
  done.catch(() => {});
  let stopListening = (): void => {};
  // A process that stood still finds its time up before it has read what came: that is read first.
  const timer = setTimeout(() => setImmediate(() => finish(false)), limitMs);
  let isHeard = false;
  let isEnough = false;
  let consumer: PushConsumer | undefined;
  try {
    consumer = await askAgain(() => PushConsumer.open({
      client: connection.client, manager: connection.manager, stream, subjects, from, ...(storedFrom === undefined ? {} : { storedFrom }),
      onMessage: (message, delivery) => {
        if (isEnough) return;
        isHeard = true;
        isEnough = !options.onMessage(withHeaders(new DeliveredMessage(message, delivery, Number.POSITIVE_INFINITY), message.head));
        if (isEnough || delivery.pending === 0) finish(true);
      },
      onBroken: (reason) => fail(new Error(reason)),
    }), { patienceMs: limitMs, isOver: () => isHeard || connection.state === 'closed' });
    stopListening = connection.onState(() => fail(new Error('the connection was lost')));
    return consumer.pendingAtStart === 0 || (await done);
  } catch (error) {
    if (!isStreamMissing(error)) throw error;
    return true;
  } finally {
    clearTimeout(timer);
    stopListening();
    isEnough = true;
    consumer?.close();
  }
}

/** Its parts are read at once: the message is kept longer than the piece of the socket it came in should be. */
function withHeaders(message: DeliveredMessage, block: string): StoredMessage {
  const headers = headerRecord(block);
  const { sequence, subject, storedAt, text, tooLong } = message;
  return { sequence, subject, storedAt, text, tooLong, headers, header: (name) => headers[name] ?? '' };
}
