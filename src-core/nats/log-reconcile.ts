import { headers } from '@nats-io/transport-node';
import { encodeSkipReport, MSG_ID_HEADER, RESULTS_PREFIX, RESULTS_STREAM, SKIPS_SUBJECT, STREAM, TERM_HEADER } from '../wire/index.ts';
import type { Connection } from './connection.ts';
import { isStreamMissing } from './errors.ts';
import { headerValue } from './header-block.ts';
import { readAck } from './publish-ack.ts';
import { PushConsumer } from './push-consumer.ts';

/** A stream that messages go to, and how far it is known. */
export interface LogTarget {
  readonly stream: string;
  /** A subject of the stream that no message ever has. */
  readonly fenceSubject: string;
  /** Highest acknowledged sequence, or the stream's end when we came to it. */
  lastSequence: number;
  /** Creation time of the stream that `lastSequence` belongs to; undefined = not asked yet, '' = it did not exist. */
  created: string | undefined;
}

const FENCE_TIMEOUT_MS = 2_000;
const READ_TIMEOUT_MS = 30_000;

export function runsTarget(): LogTarget {
  return { stream: STREAM, fenceSubject: 'natsjob.run.fence', lastSequence: 0, created: undefined };
}

export function resultsTarget(): LogTarget {
  return { stream: RESULTS_STREAM, fenceSubject: `${RESULTS_PREFIX}natsjob.fence`, lastSequence: 0, created: undefined };
}

/** Learns whether the stream is there and where it ends. Only while nothing sent to it is unanswered. */
export async function learnTarget(connection: Connection, target: LogTarget): Promise<void> {
  const end = await readEnd(connection, target.stream);
  target.created = end.created;
  target.lastSequence = end.lastSequence;
}

/** Whether the runs stream stores what is sent: tried with a report of no skips, which nobody does anything about. */
export async function takesMessages(connection: Connection, term: number, timeout: number): Promise<boolean> {
  const block = headers();
  block.set(TERM_HEADER, String(term));
  try {
    const answer = await connection.client.request(SKIPS_SUBJECT, encodeSkipReport({ v: 1, items: [] }), { headers: block, timeout });
    return readAck(answer.string()).kind === 'stored';
  } catch {
    // No answer is a no.
    return false;
  }
}

/**
 * Which of the ids are in the stream behind sequence `after`, with their sequences. When the stream was made anew all of it is read.
 * Waits until the stream has dealt with all that was published to it before; rejects when that cannot be learnt now.
 */
export async function findStored(connection: Connection, target: LogTarget, ids: ReadonlySet<string>, after: number): Promise<ReadonlyMap<string, number>> {
  await passFence(connection, target);
  const end = await readEnd(connection, target.stream);
  let from = after + 1;
  if (end.created !== target.created) {
    target.created = end.created;
    target.lastSequence = 0;
    from = 1;
  }
  // A stream that ends before what it had acknowledged has lost its tail with a disk: what we look for is not there.
  if (end.lastSequence < target.lastSequence) target.lastSequence = end.lastSequence;
  if (end.lastSequence < from) return new Map();
  return readIds(connection, target.stream, ids, from, end.lastSequence);
}

/**
 * Publishes something the stream must refuse, and waits for the refusal. It handles messages one after the other, so when the
 * refusal is here, all that was published before on this connection is stored or refused too. Without this a slow disk would look
 * like a lost message, and sending that again makes core subscribers run it twice.
 */
async function passFence(connection: Connection, target: LogTarget): Promise<void> {
  const guard = headers();
  guard.set('Nats-Expected-Stream', 'natsjob-fence');
  try {
    await connection.client.request(target.fenceSubject, undefined, { headers: guard, timeout: FENCE_TIMEOUT_MS });
  } catch (error) {
    if (isNobodyThere(error)) return;
    throw error;
  }
}

async function readEnd(connection: Connection, stream: string): Promise<{ created: string; lastSequence: number }> {
  try {
    const info = await connection.manager.streams.info(stream);
    return { created: info.created, lastSequence: info.state.last_seq };
  } catch (error) {
    if (isStreamMissing(error)) return { created: '', lastSequence: 0 };
    throw error;
  }
}

function readIds(connection: Connection, stream: string, ids: ReadonlySet<string>, from: number, through: number): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  return new Promise((resolve, reject) => {
    let consumer: PushConsumer | undefined;
    let done = false;
    const finish = (error?: Error): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      stopListening();
      consumer?.close();
      if (error === undefined) resolve(found);
      else reject(error);
    };
    const timer = setTimeout(() => finish(new Error(`reading ${stream} took too long`)), READ_TIMEOUT_MS);
    const stopListening = connection.onState(() => finish(new Error('the connection was lost')));
    PushConsumer.open({
      client: connection.client,
      manager: connection.manager,
      stream,
      from,
      headersOnly: true,
      onMessage: (message, delivery) => {
        const id = headerValue(message.head, MSG_ID_HEADER);
        if (id !== '' && ids.has(id)) found.set(id, delivery.streamSequence);
        if (delivery.streamSequence >= through || delivery.pending === 0) finish();
      },
      onBroken: (reason) => finish(new Error(reason)),
    }).then(
      (opened) => {
        consumer = opened;
        if (done) opened.close();
        else if (opened.pendingAtStart === 0) finish();
      },
      (error: unknown) => finish(error instanceof Error ? error : new Error(String(error))),
    );
  });
}

function isNobodyThere(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) if (each.name === 'NoRespondersError') return true;
  return false;
}
