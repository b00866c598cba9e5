import type { StoredMsg } from '@nats-io/jetstream';
import type { FeedMessage } from '../ports/bus.ts';
import { storedAt } from './delivery.ts';
import type { Delivery } from './delivery.ts';
import { headerValue } from './header-block.ts';
import type { Incoming } from './incoming.ts';

/**
 * A delivered message that reads its parts only when asked: a replay skips most of them.
 * It holds the whole piece of the socket it came in; whoever keeps something of it keeps the texts, not the message.
 */
export class DeliveredMessage implements FeedMessage {
  readonly sequence: number;
  readonly tooLong: boolean;
  readonly #message: Incoming;
  readonly #reply: string;
  readonly #timeStart: number;
  readonly #timeEnd: number;
  #block: string | undefined;

  constructor(message: Incoming, delivery: Delivery, maxPayloadBytes: number) {
    this.sequence = delivery.streamSequence;
    this.#message = message;
    this.#reply = delivery.reply;
    this.#timeStart = delivery.timeStart;
    this.#timeEnd = delivery.timeEnd;
    this.tooLong = message.size > maxPayloadBytes;
  }

  get subject(): string {
    return this.#message.subject;
  }

  get storedAt(): number {
    return storedAt(this.#reply, this.#timeStart, this.#timeEnd);
  }

  get text(): string {
    return this.tooLong ? '' : this.#message.text;
  }

  header(name: string): string {
    this.#block ??= this.#message.head;
    return headerValue(this.#block, name);
  }
}

/** A message that was asked for by its sequence. */
export function storedMessage(stored: StoredMsg): FeedMessage {
  return {
    sequence: stored.seq,
    subject: stored.subject,
    storedAt: stored.time.getTime(),
    text: stored.string(),
    tooLong: false,
    header: (name) => stored.header?.get(name) ?? '',
  };
}
