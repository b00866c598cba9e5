import { createInbox, nanos, nuid } from '@nats-io/transport-node';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { AckPolicy, DeliverPolicy, ReplayPolicy } from '@nats-io/jetstream';
import type { ConsumerConfig, JetStreamManager } from '@nats-io/jetstream';
import { emptyDelivery, readDelivery } from './delivery.ts';
import type { Delivery } from './delivery.ts';
import { listen } from './fast-reader.ts';
import { headerStatus, headerValue } from './header-block.ts';
import { giveOut } from './incoming.ts';
import type { Incoming } from './incoming.ts';

export interface PushConsumerOptions {
  readonly client: NatsConnection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  /** First sequence, or 'newest' for the last message of each subject and what follows. */
  readonly from: number | 'newest';
  readonly subject?: string;
  /** Instead of `subject`: several, of which no two meet. */
  readonly subjects?: readonly string[];
  /** Instead of the first sequence: what was stored at or after it, epoch ms. */
  readonly storedFrom?: number;
  readonly headersOnly?: boolean;
  /** In stream order, each once. `delivery` is reused for the next message: copy what is to stay. */
  onMessage(message: Incoming, delivery: Delivery): void;
  /** Most bytes kept while on hold; above them the delivery breaks off. */
  readonly maxHeldBytes?: number;
  /** A gap, or silence: nothing more comes from here. Called once at most, not after close(). */
  onBroken(reason: string): void;
}

const HEARTBEAT_MS = 2_000;
/** Checks in a row without a sign of life. Checks, not time: a process that was paused reads first, judges later. */
const MAX_SILENT_CHECKS = 3;
/** How long the server keeps a consumer whose reader is gone. */
const KEPT_MS = 30_000;
/** What a kept message weighs beside its payload, about. */
const HELD_OVERHEAD_BYTES = 300;

/**
 * A reader of a stream for the length of one connection: the server pushes in order and does not wait for
 * acknowledgements; flow control bounds what is under way. It never repairs itself: at a gap its owner opens another one
 * behind the last message it got.
 */
export class PushConsumer {
  /** Messages the server had for this consumer when it was made. */
  pendingAtStart = 0;
  readonly #options: PushConsumerOptions;
  readonly #name = `natsjob-${nuid.next()}`;
  readonly #delivery = emptyDelivery();
  #subscription: Subscription | undefined;
  #obituary: Subscription | undefined;
  #timer: NodeJS.Timeout | undefined;
  #received = 0;
  #silentChecks = 0;
  #ended = false;
  #held: Incoming[] | undefined;
  #heldBytes = 0;

  private constructor(options: PushConsumerOptions) {
    this.#options = options;
  }

  /** Rejects with the client library's errors. */
  static async open(options: PushConsumerOptions): Promise<PushConsumer> {
    const consumer = new PushConsumer(options);
    try {
      await consumer.#start();
    } catch (error) {
      consumer.close();
      throw error;
    }
    return consumer;
  }

  /** Keeps what comes. Flow control is not answered meanwhile, so the server stops when its window is full. */
  hold(): void {
    this.#held ??= [];
  }

  /** Gives out what was kept, then goes on. `onMessage` may hold again at any message. */
  release(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    const left = giveOut(held, () => this.#held === undefined && !this.#ended, (message) => this.#take(message));
    if (left.length === 0 || this.#ended) {
      this.#heldBytes = 0;
      return;
    }
    this.#held = left;
    this.#heldBytes = this.#held.reduce((sum, message) => sum + message.size + HELD_OVERHEAD_BYTES, 0);
  }

  close(): void {
    if (this.#ended) return;
    this.#end();
    const { client, manager, stream } = this.#options;
    // Left alone the server would drop it by itself; saying so frees it at once.
    if (!client.isClosed()) manager.consumers.delete(stream, this.#name).catch(() => {});
  }

  async #start(): Promise<void> {
    const { client, manager, stream } = this.#options;
    const inbox = createInbox();
    this.#subscription = listen(client, inbox, (message) => this.#onRaw(message));
    // Silence would tell it too, after some seconds in which messages are published into the void.
    this.#obituary = client.subscribe(`$JS.EVENT.ADVISORY.STREAM.DELETED.${stream}`, {
      // An error: this account may not listen there.
      callback: (error) => {
        if (error === null) this.#break('the stream was deleted');
      },
    });
    const info = await manager.consumers.add(stream, this.#config(inbox));
    this.pendingAtStart = info.num_pending + info.delivered.consumer_seq;
    if (!this.#ended) this.#timer = setInterval(() => this.#check(), HEARTBEAT_MS);
  }

  #config(inbox: string): Partial<ConsumerConfig> {
    const { from, subject, subjects, storedFrom, headersOnly } = this.#options;
    return {
      name: this.#name,
      deliver_subject: inbox,
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      max_deliver: 1,
      flow_control: true,
      idle_heartbeat: nanos(HEARTBEAT_MS),
      inactive_threshold: nanos(KEPT_MS),
      mem_storage: true,
      num_replicas: 1,
      ...(from === 'newest'
        ? { deliver_policy: DeliverPolicy.LastPerSubject, filter_subject: subject ?? '>' }
        : storedFrom === undefined
          ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, from) }
          : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(storedFrom).toISOString() }),
      ...(subjects === undefined ? {} : { filter_subjects: [...subjects] }),
      ...(from !== 'newest' && subject !== undefined ? { filter_subject: subject } : {}),
      ...(headersOnly === true ? { headers_only: true } : {}),
    };
  }

  #onRaw(message: Incoming): void {
    if (this.#ended) return;
    this.#silentChecks = 0;
    if (this.#held === undefined) {
      this.#take(message);
      return;
    }
    this.#held.push(message);
    this.#heldBytes += message.size + HELD_OVERHEAD_BYTES;
    if (this.#heldBytes > (this.#options.maxHeldBytes ?? Number.POSITIVE_INFINITY)) this.#break('too much came while on hold');
  }

  #take(message: Incoming): void {
    const delivery = this.#delivery;
    if (!readDelivery(message.reply, delivery)) {
      this.#onControl(message);
      return;
    }
    if (delivery.consumerSequence !== this.#received + 1) {
      this.#break(`message ${this.#received + 1} of the delivery is missing`);
      return;
    }
    this.#received = delivery.consumerSequence;
    this.#options.onMessage(message, delivery);
  }

  /** Heartbeats and flow control. The server waits for the answer, so it goes out only when all before it is done. */
  #onControl(message: Incoming): void {
    const { client } = this.#options;
    const block = message.head;
    const status = headerStatus(block);
    if (status === 100) {
      const stalled = headerValue(block, 'Nats-Consumer-Stalled');
      const answer = stalled !== '' ? stalled : message.reply;
      if (answer !== '' && !client.isClosed()) client.publish(answer);
      const last = headerValue(block, 'Nats-Last-Consumer');
      if (last !== '' && Number(last) !== this.#received) this.#break(`the server has sent ${last} messages, ${this.#received} came`);
      return;
    }
    if (status >= 400) this.#break(`the server ended the delivery with status ${status}`);
  }

  #check(): void {
    if (++this.#silentChecks >= MAX_SILENT_CHECKS) this.#break('no heartbeat from the server');
  }

  #break(reason: string): void {
    if (this.#ended) return;
    this.close();
    this.#options.onBroken(reason);
  }

  #end(): void {
    this.#ended = true;
    this.#held = undefined;
    clearInterval(this.#timer);
    for (const each of [this.#subscription, this.#obituary]) if (each !== undefined && !each.isClosed()) each.unsubscribe();
  }
}
