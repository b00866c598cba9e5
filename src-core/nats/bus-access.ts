import { headers } from '@nats-io/transport-node';
import type { Msg, MsgHdrs, Subscription } from '@nats-io/transport-node';
import type { StoredMsg } from '@nats-io/jetstream';
import type { BucketPage, BucketQuery, BucketSize, BusAccess, SeenMessage } from '../ports/index.ts';
import { kvPrefix, kvStream } from '../wire/index.ts';
import type { Connection } from './connection.ts';
import { NotPermittedError, apiCode, asUnavailable, isNotPermitted, isStreamMissing } from './errors.ts';
import { nextMessage } from './next-message.ts';
import { roundTrip } from './round-trip.ts';

const NO_MESSAGE = 10037;
/** One page is read message by message; the rest is for the next one. */
const PAGE_MS = 2_000;
const AT_ONCE = 32;

export function openBusAccess(connection: Connection): BusAccess {
  return {
    roundTripMs: () => connection.roundTripMs(),
    async publish({ subject, text, headers: given }) {
      const block = headers();
      for (const [name, value] of Object.entries(given)) block.append(name, value);
      try {
        connection.client.publish(subject, text, { headers: block });
        await roundTrip(connection.client);
      } catch (error) {
        throw explain(error, `publishing on ${subject}`);
      }
    },
    bucketSize: (bucket) => bucketSize(connection, bucket),
    bucketEntries: (bucket, query) => bucketEntries(connection, bucket, query),
    watch: (subject, onMessage) => watch(connection, subject, onMessage),
  };
}

async function bucketSize(connection: Connection, bucket: string): Promise<BucketSize | undefined> {
  try {
    const { state } = await connection.manager.streams.info(kvStream(bucket));
    return { entries: state.num_subjects ?? 0, bytes: state.bytes };
  } catch (error) {
    if (isStreamMissing(error)) return undefined;
    throw explain(error, `asking for bucket ${bucket}`);
  }
}

/**
 * Walks the bucket's stream upwards. What a later message has replaced is passed over, as the walk comes to that one: several are asked
 * about together. Past the end it comes to nothing: a key that is written anew after its old value was found is given with its new one.
 */
async function bucketEntries(connection: Connection, bucket: string, { prefix, after, limit }: BucketQuery): Promise<BucketPage> {
  const subjects = kvPrefix(bucket) + filterOf(prefix);
  const wanted = kvPrefix(bucket) + prefix;
  const deadline = performance.now() + PAGE_MS;
  // One that was given is met once more when it is written anew meanwhile.
  const items = new Map<string, BucketPage['items'][number]>();
  let sequence = Number(after ?? 0);
  try {
    while (items.size < limit && performance.now() < deadline) {
      const found: StoredMsg[] = [];
      let isEnd = false;
      while (found.length < Math.min(AT_ONCE, limit - items.size) && performance.now() < deadline) {
        const message = await nextMessage(connection.manager, kvStream(bucket), subjects, sequence + 1);
        if (message === undefined) {
          isEnd = true;
          break;
        }
        sequence = message.seq;
        if (message.subject.startsWith(wanted) && !isDeletion(message)) found.push(message);
      }
      const newest = await Promise.all(found.map(({ subject }) => newestOf(connection, bucket, subject)));
      const through = isEnd ? Number.POSITIVE_INFINITY : sequence;
      for (const message of valuesOf(newest, through)) {
        const key = message.subject.slice(kvPrefix(bucket).length);
        items.delete(key);
        items.set(key, { key, text: message.string(), revision: message.seq, at: message.time.getTime() });
      }
      if (isEnd) return { items: [...items.values()], next: undefined };
    }
  } catch (error) {
    if (isStreamMissing(error)) return { items: [], next: undefined };
    throw explain(error, `reading bucket ${bucket}`);
  }
  return { items: [...items.values()], next: String(sequence) };
}

/** Whole tokens of the prefix are the server's to look for. */
function filterOf(prefix: string): string {
  const end = prefix.lastIndexOf('.');
  return end < 0 ? '>' : `${prefix.slice(0, end)}.>`;
}

async function newestOf(connection: Connection, bucket: string, subject: string): Promise<StoredMsg | undefined> {
  try {
    return (await connection.manager.streams.getMessage(kvStream(bucket), { last_by_subj: subject })) ?? undefined;
  } catch (error) {
    if (apiCode(error) === NO_MESSAGE) return undefined;
    throw error;
  }
}

/** Those that stand no further than that, in their order; one that was found twice, twice. */
function valuesOf(newest: readonly (StoredMsg | undefined)[], through: number): StoredMsg[] {
  return newest.filter((message): message is StoredMsg => message !== undefined && message.seq <= through && !isDeletion(message)).sort((one, other) => one.seq - other.seq);
}

function isDeletion({ header }: StoredMsg): boolean {
  const operation = header?.get('KV-Operation') ?? '';
  return operation === 'DEL' || operation === 'PURGE' || (header?.has('Nats-Marker-Reason') ?? false);
}

/** A connection that comes back is a new client: whoever subscribes does so again. */
function watch(connection: Connection, subject: string, onMessage: (message: SeenMessage) => void): () => void {
  let subscription = connection.state === 'connected' ? subscribe() : undefined;
  const stopListening = connection.onState((state) => {
    subscription = state === 'connected' ? subscribe() : undefined;
  });
  return () => {
    stopListening();
    subscription?.unsubscribe();
    subscription = undefined;
  };

  function subscribe(): Subscription {
    return connection.client.subscribe(subject, { callback: (error, message) => {
      if (error === null) onMessage(seen(message));
    } });
  }
}

function seen(message: Msg): SeenMessage {
  return { subject: message.subject, bytes: message.data.length, text: () => message.string(), headers: () => asRecord(message.headers) };
}

function asRecord(block: MsgHdrs | undefined): Record<string, string> {
  return Object.fromEntries((block?.keys() ?? []).map((name) => [name, block!.values(name).join(', ')]));
}

function explain(error: unknown, doing: string): Error {
  return isNotPermitted(error) ? new NotPermittedError(doing, error) : asUnavailable(error, doing);
}
