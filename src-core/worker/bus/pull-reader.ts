import { createInbox } from '@nats-io/transport-node';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { emptyDelivery, readDelivery } from '../../nats/delivery.ts';
import type { Delivery } from '../../nats/delivery.ts';
import { listen } from '../../nats/fast-reader.ts';
import { headerStatus, headerValue } from '../../nats/header-block.ts';
import type { Incoming } from '../../nats/incoming.ts';
import type { CancelTimer, Clock } from '../../ports/clock.ts';
import type { Outbox } from '../outbox.ts';

export interface PullReaderOptions {
  readonly client: NatsConnection;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly stream: string;
  readonly consumer: string;
  /** Most messages asked for at a time. */
  readonly batch: number;
  /** How long the server keeps a request. */
  readonly expiresMs: number;
  /** How many more may be under way or in hand. Asked again whenever refill() is called. */
  room(): number;
  /** `delivery` is reused for the next message. */
  onMessage(message: Incoming, delivery: Delivery): void;
  /** The consumer is gone, or silent. Called once at most, not after close(). */
  onBroken(reason: string): void;
}

const HEARTBEAT_MS = 5_000;
const MAX_SILENT_CHECKS = 3;
const PENDING_HEADER = 'Nats-Pending-Messages';
/** Ends of a consumer, or of its leader, among the statuses that are otherwise ends of a request. */
const GONE = /consumer deleted|leadership change|server shutdown|consumer is push based|no responders/i;

/**
 * Asks a pull consumer for messages while there is room, in requests that overlap so that the server always has one. One for
 * the length of a connection; its owner makes another after a break.
 */
export class PullReader {
  readonly #options: PullReaderOptions;
  readonly #inbox = createInbox();
  readonly #subject: string;
  readonly #delivery = emptyDelivery();
  #subscription: Subscription | undefined;
  /** Messages asked for that have not come. */
  #outstanding = 0;
  #silentChecks = 0;
  #cancelCheck: CancelTimer | undefined;
  /** Servers take less than half of the other. */
  readonly #beatMs: number;
  #isClosed = false;

  constructor(options: PullReaderOptions) {
    this.#options = options;
    this.#beatMs = Math.min(HEARTBEAT_MS, Math.floor(options.expiresMs * 0.4));
    this.#subject = `$JS.API.CONSUMER.MSG.NEXT.${options.stream}.${options.consumer}`;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  start(): void {
    this.#subscription = listen(this.#options.client, this.#inbox, (message) => this.#take(message));
    this.#check();
    this.refill();
  }

  /** Asks for more, if there is room for at least half a batch. */
  refill(): void {
    if (this.#isClosed || this.#subscription === undefined) return;
    const { batch, room, outbox } = this.#options;
    if (this.#outstanding > batch / 2) return;
    const count = Math.min(batch, room()) - this.#outstanding;
    if (count < batch / 2) return;
    this.#outstanding += count;
    outbox.send(this.#subject, this.#inbox, `{"batch":${count},"expires":${this.#options.expiresMs}000000,"idle_heartbeat":${this.#beatMs}000000}`);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelCheck?.();
    if (this.#subscription !== undefined && !this.#subscription.isClosed()) this.#subscription.unsubscribe();
  }

  #take(message: Incoming): void {
    if (this.#isClosed) return;
    this.#silentChecks = 0;
    if (!readDelivery(message.reply, this.#delivery)) return this.#onStatus(message.head);
    if (this.#outstanding > 0) this.#outstanding--;
    this.#options.onMessage(message, this.#delivery);
    this.refill();
  }

  #onStatus(head: string): void {
    const status = headerStatus(head);
    if (status === 100 || status === 0) return;
    if (status === 503 || (status === 409 && GONE.test(head))) return this.#break(head.slice(0, head.indexOf('\r\n')).slice(9));
    this.#outstanding = Math.max(0, this.#outstanding - (Number(headerValue(head, PENDING_HEADER)) || 0));
    // A request that the server did not take at all has no such header: the check starts again from nothing.
    this.refill();
  }

  #check(): void {
    this.#cancelCheck = this.#options.clock.after(HEARTBEAT_MS, () => {
      if (this.#outstanding > 0 && ++this.#silentChecks >= MAX_SILENT_CHECKS) return this.#break('no heartbeat from the server');
      this.#check();
      this.refill();
    });
  }

  #break(reason: string): void {
    if (this.#isClosed) return;
    this.close();
    this.#options.onBroken(reason);
  }
}
