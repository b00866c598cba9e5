import { createInbox, nanos, nuid } from '@nats-io/transport-node';
import type { Subscription } from '@nats-io/transport-node';
import { AckPolicy, DeliverPolicy, ReplayPolicy } from '@nats-io/jetstream';
import { emptyDelivery, readDelivery } from './delivery.ts';
import { listen } from './fast-reader.ts';
import { headerStatus } from './header-block.ts';
import { giveOut } from './incoming.ts';
import type { Incoming } from './incoming.ts';
import type { PushConsumerOptions } from './push-consumer.ts';

export interface PollConsumerOptions extends Pick<PushConsumerOptions, 'client' | 'manager' | 'stream' | 'onMessage' | 'onBroken'> {
  /** First sequence. */
  readonly from: number;
  /** How long the server has for an answer; without it, two seconds. */
  readonly answerMs?: number | undefined;
  /** So little comes that reading each message as it comes costs less. Called once at most, instead of onBroken. */
  onCalm(): void;
}

/** Between an answer and the next question: what comes meanwhile is read in one piece. */
const PAUSE_MS = 2;
const BATCH = 512;
const BATCH_BYTES = 8 * 1024 * 1024;
/** Looked at after that many questions: with fewer messages than this it is calm. */
const LOOK_POLLS = 32;
const CALM_MESSAGES = 96;
const CHECK_MS = 500;
const ANSWER_MS = 2_000;
const KEPT_MS = 30_000;
const QUESTION = Buffer.from(JSON.stringify({ batch: BATCH, max_bytes: BATCH_BYTES, no_wait: true }));

/**
 * A reader like PushConsumer for a stream that gets messages fast but one by one: it asks every other millisecond for all there is.
 * Server and reader then wake up once for many, which leaves the machine to whoever publishes.
 */
export class PollConsumer {
  readonly #options: PollConsumerOptions;
  readonly #name = `natsjob-${nuid.next()}`;
  readonly #inbox = `${createInbox()}.`;
  readonly #api: string;
  readonly #delivery = emptyDelivery();
  #subscription: Subscription | undefined;
  #pause: NodeJS.Timeout | undefined;
  #check: NodeJS.Timeout | undefined;
  #polls = 0;
  /** The question that is not answered to its end; 0 = none. */
  #open = 0;
  #answered = 0;
  #lookMessages = 0;
  #received = 0;
  #silentChecks = 0;
  #ended = false;
  #held: Incoming[] | undefined;

  private constructor(options: PollConsumerOptions) {
    this.#options = options;
    this.#api = `$JS.API.CONSUMER.MSG.NEXT.${options.stream}.${this.#name}`;
  }

  /** Rejects with the client library's errors. */
  static async open(options: PollConsumerOptions): Promise<PollConsumer> {
    const consumer = new PollConsumer(options);
    try {
      await consumer.#start();
    } catch (error) {
      consumer.close();
      throw error;
    }
    return consumer;
  }

  /** Keeps what comes of the last question, and asks no further. */
  hold(): void {
    this.#held ??= [];
  }

  /** Gives out what was kept, then goes on. `onMessage` may hold again at any message. */
  release(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    const left = giveOut(held, () => this.#held === undefined && !this.#ended, (message) => this.#take(message));
    if (left.length > 0) this.#held = left;
    else this.#poll();
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#held = undefined;
    clearTimeout(this.#pause);
    clearInterval(this.#check);
    if (this.#subscription?.isClosed() === false) this.#subscription.unsubscribe();
    const { client, manager, stream } = this.#options;
    if (!client.isClosed()) manager.consumers.delete(stream, this.#name).catch(() => {});
  }

  async #start(): Promise<void> {
    const { client, manager, stream, from } = this.#options;
    this.#subscription = listen(client, `${this.#inbox}*`, (message) => this.#onRaw(message));
    await manager.consumers.add(stream, {
      name: this.#name, ack_policy: AckPolicy.None, replay_policy: ReplayPolicy.Instant, deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, from),
      max_deliver: 1, inactive_threshold: nanos(KEPT_MS), mem_storage: true, num_replicas: 1,
    });
    if (this.#ended) return;
    this.#check = setInterval(() => this.#look(), CHECK_MS);
    this.#poll();
  }

  #poll(): void {
    clearTimeout(this.#pause);
    if (this.#ended || this.#open !== 0 || this.#held !== undefined || this.#options.client.isClosed()) return;
    if (this.#polls % LOOK_POLLS === 0) {
      if (this.#polls > 0 && this.#lookMessages < CALM_MESSAGES) {
        this.close();
        return this.#options.onCalm();
      }
      this.#lookMessages = 0;
    }
    this.#open = ++this.#polls;
    this.#answered = 0;
    this.#options.client.publish(this.#api, QUESTION, { reply: this.#inbox + this.#open });
  }

  #onRaw(message: Incoming): void {
    if (this.#ended) return;
    this.#silentChecks = 0;
    if (this.#held !== undefined && message.reply !== '') this.#held.push(message);
    else this.#take(message);
  }

  #take(message: Incoming): void {
    const delivery = this.#delivery;
    if (!readDelivery(message.reply, delivery)) return this.#onStatus(headerStatus(message.head), message.subject);
    if (delivery.consumerSequence !== this.#received + 1) return this.#break(`message ${this.#received + 1} of the delivery is missing`);
    this.#received = delivery.consumerSequence;
    this.#lookMessages++;
    const isLast = delivery.pending === 0;
    this.#answered++;
    this.#options.onMessage(message, delivery);
    if (this.#ended || this.#open === 0) return;
    if (isLast) this.#rest();
    else if (this.#answered === BATCH) this.#again();
  }

  /** What ends an answer before its batch is full; of older questions nothing is wanted any more. */
  #onStatus(status: number, subject: string): void {
    if (Number(subject.slice(this.#inbox.length)) !== this.#open) return;
    if (status === 404 || status === 408) this.#rest();
    else if (status === 409 && this.#answered > 0) this.#again();
    else if (status >= 400) this.#break(`the server ended the delivery with status ${status}`);
  }

  #rest(): void {
    this.#open = 0;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#poll(), PAUSE_MS);
  }

  #again(): void {
    this.#open = 0;
    this.#poll();
  }

  #look(): void {
    if (this.#open === 0) return;
    // Checks, not time: a process that was paused reads first, judges later.
    if (++this.#silentChecks >= (this.#options.answerMs ?? ANSWER_MS) / CHECK_MS) this.#break('no answer from the server');
  }

  #break(reason: string): void {
    if (this.#ended) return;
    this.close();
    this.#options.onBroken(reason);
  }
}
