import type { Msg } from '@nats-io/transport-node';
import { headerBlock } from './client-internals.ts';

/** A message of a subscription, in bytes that become text when asked for: whoever keeps something of it keeps the texts. */
export interface Incoming {
  readonly subject: string;
  /** '' when nobody waits for an answer. */
  readonly reply: string;
  /** The header block as text, '' when there is none. */
  readonly head: string;
  /** Bytes of the payload. */
  readonly size: number;
  readonly text: string;
  /** The payload, in a piece that others are in, too: copy what is to stay. */
  readonly bytes: Uint8Array;
}

/** Gives out what a reader kept while it was on hold, for as long as it goes on. What is left. */
export function giveOut(held: readonly Incoming[], goesOn: () => boolean, take: (message: Incoming) => void): Incoming[] {
  let next = 0;
  while (next < held.length && goesOn()) take(held[next++] as Incoming);
  return held.slice(next);
}

/** One that the client library has read. */
export function incomingOf(message: Msg): Incoming {
  return {
    get subject() {
      return message.subject;
    },
    get reply() {
      return message.reply ?? '';
    },
    get head() {
      return headerBlock(message).toString('utf8');
    },
    get size() {
      return message.data.length;
    },
    get text() {
      return message.string();
    },
    get bytes() {
      return message.data;
    },
  };
}
