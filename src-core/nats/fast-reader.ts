import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { libraryReader } from './client-internals.ts';
import type { LibraryReader } from './client-internals.ts';
import type { Incoming } from './incoming.ts';
import { incomingOf } from './incoming.ts';
import { findMessage, emptyPlace } from './message-line.ts';
import { PlacedMessage } from './placed-message.ts';

type Handler = (message: Incoming) => void;

const LF = 10;
const LINE_BREAK_BYTES = 2;
/** Longer lines are left to the library. The server's own limit is 4 kB. */
const MAX_LINE = 64 * 1024;
/** A message no longer than this waits for its end; the library has its beginning of a longer one. */
const MAX_KEPT = 16 * 1024;

/** Who takes messages without the library's own object for each. */
const handlers = new WeakMap<object, Handler>();

/**
 * Subscribes. On a connection that `readFast` was called for, the library makes no object for each message, and does not
 * count it in its statistics.
 */
export function listen(client: NatsConnection, subject: string, handler: Handler, queue?: string): Subscription {
  const subscription = client.subscribe(subject, {
    // Without the permission there is an error and no message; the connection tells of it.
    callback: (error, message) => {
      if (error === null) handler(incomingOf(message));
    },
    ...(queue === undefined ? {} : { queue }),
  });
  handlers.set(subscription, handler);
  return subscription;
}

/**
 * Finds the messages in what the socket brings in place of the library, whose reader looks at each byte of a line twice and
 * cuts some twenty pieces out for each run. All else, and what is not as expected, the library gets unchanged.
 */
export function readFast(client: NatsConnection): void {
  const library = libraryReader(client);
  if (library === undefined) return;
  const reader = new FastReader(library);
  library.replace((bytes) => reader.read(bytes));
}

/** Exported for its tests. */
export class FastReader {
  readonly #library: Omit<LibraryReader, 'replace'>;
  readonly #place = emptyPlace();
  /** A line, or a short message, whose end has not come. */
  #rest: Buffer | undefined;
  /** Bytes to come of a message that the library has the beginning of. */
  #owed = 0;

  constructor(library: Omit<LibraryReader, 'replace'>) {
    this.#library = library;
  }

  read(bytes: Uint8Array): void {
    let piece = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    if (this.#rest !== undefined) {
      piece = Buffer.concat([this.#rest, piece]);
      this.#rest = undefined;
    } else if (this.#owed > 0) {
      at = Math.min(this.#owed, piece.length);
      this.#owed -= at;
      this.#library.read(piece.subarray(0, at));
    }
    while (at < piece.length) {
      // Within something that it was given; or a line too long for us.
      if (!this.#library.isBetweenMessages()) return this.#library.read(piece.subarray(at));
      const lineEnd = piece.indexOf(LF, at);
      if (lineEnd < 0) return this.#keep(piece.subarray(at));
      at = findMessage(piece, at, lineEnd, this.#place) ? this.#give(piece, at) : this.#pass(piece, at, lineEnd + 1);
    }
  }

  #keep(line: Buffer): void {
    if (line.length < MAX_LINE) this.#rest = line;
    else this.#library.read(line);
  }

  #pass(piece: Buffer, from: number, to: number): number {
    this.#library.read(piece.subarray(from, to));
    return to;
  }

  /** Resolves to where the next one begins. */
  #give(piece: Buffer, at: number): number {
    const next = this.#place.end + LINE_BREAK_BYTES;
    if (next > piece.length) {
      if (next - at <= MAX_KEPT) {
        this.#rest = piece.subarray(at);
        return piece.length;
      }
      this.#owed = next - piece.length;
      return this.#pass(piece, at, piece.length);
    }
    const subscription = this.#library.subscription(this.#place.subscription);
    const handler = subscription === undefined ? undefined : handlers.get(subscription);
    if (handler === undefined) return this.#pass(piece, at, next);
    handler(new PlacedMessage(piece, this.#place));
    return next;
  }
}
