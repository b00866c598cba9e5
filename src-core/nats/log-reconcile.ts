import { headers } from '@nats-io/transport-node';
import { encodeSkipReport, MSG_ID_HEADER, RESULTS_PREFIX, RESULTS_STREAM, SKIPS_SUBJECT, STREAM, TERM_HEADER } from '../wire/index.ts';
import type { Connection } from './connection.ts';
import { isStreamMissing } from './errors.ts';
import { headerValue } from './header-block.ts';
import { holdsNothingMore } from './next-message.ts';
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
  /** Several servers hold it: what one has taken in counts only when the others have it, too. */
  isReplicated: boolean;
}

const FENCE_TIMEOUT_MS = 2_000;
/** Less than any server takes; JSON with spaces behind it is JSON. */
const MOST_PADDING = 65_536;
const READ_TIMEOUT_MS = 30_000;
/** Between two barriers: see passBarrier. */
const OTHER_WAYS_MS = 100;

export function runsTarget(): LogTarget {
  return { stream: STREAM, fenceSubject: 'natsjob.run.fence', lastSequence: 0, created: undefined, isReplicated: false };
}

export function resultsTarget(): LogTarget {
  return { stream: RESULTS_STREAM, fenceSubject: `${RESULTS_PREFIX}natsjob.fence`, lastSequence: 0, created: undefined, isReplicated: false };
}

/** Learns whether the stream is there and where it ends. Only while nothing sent to it is unanswered. */
export async function learnTarget(connection: Connection, target: LogTarget): Promise<void> {
  const end = await readEnd(connection, target.stream);
  target.created = end.created;
  target.lastSequence = end.lastSequence;
  target.isReplicated = end.isReplicated;
}

/**
 * Whether the runs stream stores what is sent and weighs so much: a stream that is full may still have room for less. What is stored to
 * find that out is taken away again, as the room is for what follows.
 */
export async function takesMessages(connection: Connection, term: number, timeout: number, bytes: number): Promise<boolean> {
  try {
    const sequence = await storeNothing(connection, term, timeout, Math.min(bytes, MOST_PADDING));
    if (sequence > 0) await connection.manager.streams.deleteMessage(STREAM, sequence, false).catch(() => {});
    return sequence > 0;
  } catch {
    // No answer is a no.
    return false;
  }
}

/** Whether the runs stream has a leader that answers; nothing is stored for it. */
export async function hasLeader(connection: Connection, target: LogTarget): Promise<boolean> {
  try {
    return await askToRefuse(connection, target);
  } catch {
    return false;
  }
}

/**
 * Which of the ids are in the stream behind sequence `after`, with their sequences. When the stream was made anew all of it is read.
 * Waits until the stream has dealt with all that was published to it before; rejects when that cannot be learnt now.
 */
export async function findStored(connection: Connection, target: LogTarget, ids: ReadonlySet<string>, after: number, term: number): Promise<ReadonlyMap<string, number>> {
  const barrier = target.isReplicated && target.stream === STREAM ? await passBarrier(connection, term, 2) : await passFence(connection, target);
  const end = await readEnd(connection, target.stream);
  if (end.created === target.created && end.lastSequence < barrier) throw new Error(`its leader has not come to message ${barrier} yet`);
  let from = after + 1;
  if (end.created !== target.created) {
    target.created = end.created;
    target.isReplicated = end.isReplicated;
    target.lastSequence = 0;
    from = 1;
  }
  // A stream that ends before what it had acknowledged has lost its tail with a disk: what we look for is not there.
  if (end.lastSequence < target.lastSequence) target.lastSequence = end.lastSequence;
  if (end.lastSequence < from) return new Map();
  return readIds(connection, target.stream, ids, from, end.lastSequence);
}

/**
 * With several servers a refusal says nothing of messages that were taken in before: they wait for the word of the others, or for
 * another leader of the stream, and may still be stored. So something is stored behind them, and its acknowledgement waited
 * for: what does not stand before it never will. More than one pass is for what was sent over another server just now, and may
 * have taken longer than the first. Answers with its sequence.
 */
export async function passBarrier(connection: Connection, term: number, passes: number): Promise<number> {
  let sequence = 0;
  for (let pass = 1; pass <= passes; pass++) {
    if (pass > 1) await new Promise((resolve) => setTimeout(resolve, OTHER_WAYS_MS));
    sequence = await storeNothing(connection, term, FENCE_TIMEOUT_MS);
    if (sequence === 0) throw new Error('it stores nothing at the moment');
  }
  return sequence;
}

/**
 * Publishes something the stream must refuse, and waits for the refusal. It handles messages one after the other, so when the
 * refusal is here, all that was published before on this connection is stored or refused too. Without this a slow disk would look
 * like a lost message, and sending that again makes core subscribers run it twice.
 */
async function passFence(connection: Connection, target: LogTarget): Promise<number> {
  await askToRefuse(connection, target);
  return 0;
}

/** False when nobody takes the subject in. */
async function askToRefuse(connection: Connection, target: LogTarget): Promise<boolean> {
  const guard = headers();
  guard.set('Nats-Expected-Stream', 'natsjob-fence');
  try {
    await connection.client.request(target.fenceSubject, undefined, { headers: guard, timeout: FENCE_TIMEOUT_MS });
    return true;
  } catch (error) {
    if (!isNobodyThere(error)) throw error;
    return false;
  }
}

/**
 * Puts a report of no skips into the runs stream, which nobody does anything about, of at least so many bytes. Answers with its
 * sequence, or 0 when it was refused.
 */
async function storeNothing(connection: Connection, term: number, timeout: number, bytes = 0): Promise<number> {
  const block = headers();
  block.set(TERM_HEADER, String(term));
  const answer = await connection.client.request(SKIPS_SUBJECT, encodeSkipReport({ v: 1, items: [] }).padEnd(bytes), { headers: block, timeout });
  const ack = readAck(answer.string());
  return ack.kind === 'stored' ? ack.sequence : 0;
}

async function readEnd(connection: Connection, stream: string): Promise<{ created: string; lastSequence: number; isReplicated: boolean }> {
  try {
    const info = await connection.manager.streams.info(stream);
    return { created: info.created, lastSequence: info.state.last_seq, isReplicated: info.config.num_replicas > 1 };
  } catch (error) {
    if (isStreamMissing(error)) return { created: '', lastSequence: 0, isReplicated: false };
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
    // The reader's server may be behind the others; and the last messages may have been deleted since.
    const finishIfNothingLeft = async (): Promise<void> => {
      const isAll = await holdsNothingMore(connection.manager, stream, '>', position, through).catch(() => false);
      if (isAll) finish();
    };
    let position = from - 1;
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
        position = delivery.streamSequence;
        if (position >= through) finish();
        else if (delivery.pending === 0) void finishIfNothingLeft();
      },
      onBroken: (reason) => finish(new Error(reason)),
    }).then(
      (opened) => {
        consumer = opened;
        if (done) opened.close();
        else if (opened.pendingAtStart === 0) void finishIfNothingLeft();
      },
      (error: unknown) => finish(error instanceof Error ? error : new Error(String(error))),
    );
  });
}

function isNobodyThere(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) if (each.name === 'NoRespondersError') return true;
  return false;
}
