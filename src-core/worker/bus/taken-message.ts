import type { Envelope } from '../../wire/index.ts';
import { deliveriesOf, storedAtOf } from '../common/ack-reply.ts';

/** A message of a topic. */
export interface BusMessage {
  readonly topic: string;
  /** Undefined: it belongs to no key, and to no order. */
  readonly key: string | undefined;
  /** Its place in the topic's stream. */
  readonly sequence: number;
  /** How often the server has delivered it, from 1. */
  readonly deliveries: number;
  /** When it was stored, epoch ms. */
  readonly at: number;
  readonly bytes: Uint8Array;
  readonly text: string;
  /** Throws SyntaxError when the text is no JSON. */
  json<Value = unknown>(): Value;
}

/** Whose message it is. */
export interface MessageOwner {
  readonly topic: string;
  /** Of the turn of an exclusive subscription. */
  readonly fence?: number | undefined;
}

export class TakenMessage<Owner extends MessageOwner = MessageOwner> implements BusMessage {
  readonly owner: Owner;
  readonly key: string | undefined;
  readonly sequence: number;
  readonly bytes: Buffer;
  /** The subject of its confirmation, in which the server has written where it stands. */
  readonly reply: string;
  /** Of a topic of envelopes; undefined if it is none. */
  envelope: Envelope | undefined;
  /** False: it is no envelope where one has to be. */
  isReadable = true;
  /** Not to be handled here, unless that has begun. */
  isDiscarded = false;
  /** Which stream of that name: sequences of one mean nothing in another. */
  readonly epoch: number;
  /** When the server was last told that it is in hand, monotonic ms. */
  touchedAt: number;
  /** It goes back to the server, after so long. */
  returnAfterMs: number | undefined;

  /** `bytes` are copied. */
  constructor(owner: Owner, { key, sequence, bytes, reply, epoch, now }: { key: string | undefined; sequence: number; bytes: Uint8Array; reply: string; epoch: number; now: number }) {
    this.owner = owner;
    this.key = key;
    this.sequence = sequence;
    this.bytes = Buffer.from(bytes);
    this.reply = reply;
    this.envelope = undefined;
    this.epoch = epoch;
    this.touchedAt = now;
    this.returnAfterMs = undefined;
  }

  get topic(): string {
    return this.owner.topic;
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }

  get deliveries(): number {
    return deliveriesOf(this.reply) || 1;
  }

  get at(): number {
    return storedAtOf(this.reply);
  }

  json<Value = unknown>(): Value {
    return JSON.parse(this.text) as Value;
  }
}
