import type { Envelope } from '../../wire/index.ts';
import type { ActorContext, ActorPool, MetricsRegistry } from '../actors/index.ts';
import type { Duration } from '../common/duration.ts';
import type { ConnectionChoice } from '../connection.ts';
import type { TopicLimits } from './streams.ts';
import type { OnFailure } from './subscription.ts';
import type { BusMessage } from './taken-message.ts';

export interface EventBusOptions extends ConnectionChoice {
  /** Who this is: name of its durable consumers and in its metrics. Processes of one client share out what comes. */
  readonly client: string;
  /** First part of the names of streams and subjects. Default `natsjob-bus`. */
  readonly base?: string;
  /** Default 256. */
  readonly actors?: number;
  /** Messages that wait for one actor. Default 1,000. */
  readonly inboxSize?: number;
  /** Restarts by one envelope within the window before it is a dead letter. Default 3. */
  readonly maxRestarts?: number;
  /** Default 60,000. */
  readonly restartWindowMs?: number;
  readonly restartDelayMs?: (failures: number) => number;
  /** Of streams that are made. */
  readonly limits?: { readonly memory?: TopicLimits; readonly file?: TopicLimits };
  /** How long NATS may be away when the bus is opened: milliseconds, text such as `2m`, or Infinity. Default 30 s. */
  readonly connectWithin?: Duration;
  /** A registry of prom-client. */
  readonly registry?: MetricsRegistry;
}

export interface SubscribeOptions {
  /** Name of the durable consumer. Default: the client. */
  readonly durable?: string;
  /** Where a new durable begins. Default: `new` for subscribe, `all` for subscribeEnvelope. */
  readonly from?: 'all' | 'new';
  /** Messages asked for at a time. Default 500. */
  readonly batch?: number;
  /** Messages taken from the server and not done. Default four batches. */
  readonly maxPending?: number;
}

export interface EnvelopeOptions extends SubscribeOptions {
  /**
   * `hold` (default): the actor keeps the message and handles it again, and nothing of its key gets past it. `nak`: it goes back to
   * the server, which delivers it again, and others of its key go on meanwhile.
   */
  readonly onFailure?: OnFailure;
  /**
   * Of all processes with this durable one at a time reads, by a lock; the others stand by. Without it two of them share out what
   * comes, and then no order is kept between them. A process that dies is followed after `lockTtlMs`.
   */
  readonly exclusive?: boolean;
  /** Default 10,000, at least 1,000. */
  readonly lockTtlMs?: number;
  /** After so long without a sign of life the server takes a message for lost and delivers it again. Default 30,000. */
  readonly ackWaitMs?: number;
  /** An envelope that was delivered more often counts as one that kills its process, and becomes a dead letter. Default 10. */
  readonly maxDeliveries?: number;
}

export interface EnvelopeContext extends ActorContext {
  /** What the envelope came in. */
  readonly message: BusMessage;
  /** Of an exclusive subscription: its lock's fencing number. What is written with it should refuse a number below the greatest it has seen. */
  readonly fence: number | undefined;
}

export interface BusSubscription {
  readonly topic: string;
  /** Messages taken and not done. */
  readonly inHand: number;
  /** Takes nothing more, waits for what is in hand (default 10,000 ms), gives the rest back to the server. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface EventBus {
  readonly client: string;
  readonly pool: Pick<ActorPool<unknown>, 'figures'>;
  /**
   * All four wait for as long as NATS is silent or away before the topic's stream is there, and its consumer.
   *
   * At most once, by a memory stream: resolves when the server has the message. Rejects with NotStoredError, or UnconfirmedError
   * when the connection broke meanwhile; it is not sent again.
   */
  publish(topic: string, payload: string | Uint8Array, options?: { readonly key?: string }): Promise<number>;
  /** A message whose handler throws is not handled again. */
  subscribe(topic: string, handler: (message: BusMessage, context: ActorContext) => unknown, options?: SubscribeOptions): Promise<BusSubscription>;
  /** At least once, by a file stream: resolves when it is stored, after breaks of the connection, too. `id`: the stream drops a second one of it. */
  publishEnvelope(topic: string, envelope: Envelope, options?: { readonly id?: string }): Promise<number>;
  subscribeEnvelope<Payload = unknown>(topic: string, handler: (envelope: Envelope<Payload>, context: EnvelopeContext) => unknown, options?: EnvelopeOptions): Promise<BusSubscription>;
  /** Takes nothing more, waits for what is in hand and for confirmations (default 10,000 ms), gives the rest back to the server. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
