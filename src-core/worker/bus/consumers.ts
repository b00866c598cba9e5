import { AckPolicy, DeliverPolicy, JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import type { ConsumerConfig, JetStreamManager } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import type { WorkerConnection } from '../connection.ts';
import { BadOptionError } from '../errors.ts';
import type { Outbox } from '../outbox.ts';
import type { Ledger } from './ledger.ts';

export interface WantedConsumer {
  readonly stream: string;
  readonly name: string;
  readonly atLeastOnce: boolean;
  /** Where a new one begins: everything the stream has, what comes from now on, or a sequence. */
  readonly from: 'all' | 'new' | number;
  readonly ackWaitMs: number;
  readonly maxAckPending: number;
}

/** A consumer at most once is gone when nobody has asked it for so long. */
const KEPT_MS = 3_600_000;
const REQUEST_MS = 5_000;
const FLUSH_EVERY = 1_000;
const LOOK_AGAIN_MS = 50;

/** Makes the durable consumer if it is not there. Rejects with BadOptionError when one of that name confirms differently. */
export async function ensureConsumer(manager: JetStreamManager, wanted: WantedConsumer): Promise<void> {
  const { stream, name, atLeastOnce } = wanted;
  const policy = atLeastOnce ? AckPolicy.Explicit : AckPolicy.None;
  try {
    const { config } = await manager.consumers.info(stream, name);
    if (config.ack_policy !== policy) throw new BadOptionError('durable', `another name: consumer ${name} of stream ${stream} is there for ${atLeastOnce ? 'subscribe' : 'subscribeEnvelope'}`);
    return;
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== JetStreamApiCodes.ConsumerNotFound) throw error;
  }
  await manager.consumers.add(stream, configOf(wanted, policy));
}

/**
 * Resolves when no request of another process waits for messages, at most after that time. One that stands still is still
 * connected, and what goes to it comes again only after the server has waited for its confirmation: behind later ones of its key.
 */
export async function othersDone({ manager, clock }: WorkerConnection, stream: string, name: string, mostMs: number): Promise<void> {
  const until = clock.monotonic() + mostMs;
  while ((await manager.consumers.info(stream, name)).num_waiting > 0 && clock.monotonic() < until) {
    await new Promise<void>((resolve) => {
      clock.after(LOOK_AGAIN_MS, resolve);
    });
  }
}

/** What comes again: so many messages, none behind that sequence. */
export interface Recovery {
  readonly messages: number;
  readonly until: number;
}

/**
 * Makes the server deliver again, before anything new, what it has delivered and nobody has in hand: to a process that was
 * killed, or into a connection that broke. What is in hand is left, and what is done is confirmed again. They may come in any
 * order: some may have been on their way to be delivered again already.
 */
export async function recoverDeliveries(client: NatsConnection, manager: JetStreamManager, outbox: Outbox, stream: string, name: string, ledger: Ledger<unknown>): Promise<Recovery> {
  const { num_ack_pending: open, ack_floor: floor, delivered } = await manager.consumers.info(stream, name);
  // Old servers tell of one message less when a delivery found nobody.
  const until = Math.max(delivered.stream_seq, floor.stream_seq + open);
  if (open === 0) return { messages: 0, until };
  const subjectOf = (sequence: number): string => `$JS.ACK.${stream}.${name}.1.${sequence}.${delivered.consumer_seq}.0.0`;
  let inHand = 0;
  for (let sequence = floor.stream_seq + 1; sequence <= until; sequence++) {
    const arrival = ledger.look(sequence);
    if (arrival === 'held') inHand++;
    else outbox.send(subjectOf(sequence), '', arrival === 'done' ? '+ACK' : '-NAK');
    if (sequence % FLUSH_EVERY === 0) outbox.flush();
  }
  outbox.flush();
  // The server takes them in order: when this is answered, so are those before it, and only then more is asked for.
  await client.request(subjectOf(until), '+WPI', { timeout: REQUEST_MS });
  const { num_ack_pending: left } = await manager.consumers.info(stream, name);
  return { messages: Math.max(0, left - inHand), until };
}

function configOf({ name, atLeastOnce, from, ackWaitMs, maxAckPending }: WantedConsumer, policy: AckPolicy): Partial<ConsumerConfig> {
  return {
    durable_name: name,
    ack_policy: policy,
    ...(from === 'all' ? { deliver_policy: DeliverPolicy.All } : from === 'new' ? { deliver_policy: DeliverPolicy.New } : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from }),
    ...(atLeastOnce ? { ack_wait: nanos(ackWaitMs), max_ack_pending: maxAckPending, max_deliver: -1 } : { inactive_threshold: nanos(KEPT_MS), mem_storage: true }),
  };
}
