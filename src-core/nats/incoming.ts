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
  };
}
