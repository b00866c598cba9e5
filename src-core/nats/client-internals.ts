/**
 * The few places where we use more of the client library than its published types show, each for speed or safety and
 * each with a way around should the library change. test/pure/nats-client-internals.test.ts watches them.
 */
import type { Socket } from 'node:net';
import type { Msg, MsgHdrs, NatsConnection } from '@nats-io/transport-node';

const encoder = new TextEncoder();
const NO_BYTES = Buffer.alloc(0);

/**
 * Headers whose bytes are known already. The library's publish only ever calls `encode()`; building its
 * header map costs more than the whole rest of a publish.
 */
export function readyHeaders(block: Uint8Array): MsgHdrs {
  return new ReadyHeaders(block) as unknown as MsgHdrs;
}

/**
 * The way by which the client's own publish hands over the commands it makes: takes whole ones, as bytes, and gives them to the
 * socket before it returns. Undefined when the client is closed or draining, or the library has no such way any more.
 */
export function commandSender(client: NatsConnection): ((commands: Uint8Array) => void) | undefined {
  const { protocol } = client as unknown as { protocol?: { sendCommand?: (commands: Uint8Array) => void; flushPending?: () => void } };
  if (client.isClosed() || client.isDraining() || typeof protocol?.sendCommand !== 'function') return undefined;
  return (commands) => {
    protocol.sendCommand?.(commands);
    // Left to itself the library does so at the end of the turn, behind whatever else is to be done in it.
    protocol.flushPending?.();
  };
}

/** How the client takes in what the socket brings. */
export interface LibraryReader {
  /** Takes bytes as they came, from where the last ones ended. */
  read(bytes: Uint8Array): void;
  /** All it was given so far was whole. */
  isBetweenMessages(): boolean;
  /** The object that subscribe() gave out. */
  subscription(id: number): object | undefined;
  /** From now on `read` is called by the socket; what it does not do itself it has to hand on. */
  replace(read: (bytes: Uint8Array) => void): void;
}

/** Undefined when the library has no such parts any more. */
export function libraryReader(client: NatsConnection): LibraryReader | undefined {
  const { protocol } = client as unknown as {
    protocol?: { parser?: { state?: unknown; parse?: (bytes: Uint8Array) => void }; subscriptions?: { get?: (id: number) => object | undefined } };
  };
  const { parser, subscriptions } = protocol ?? {};
  if (typeof parser?.parse !== 'function' || typeof parser.state !== 'number' || typeof subscriptions?.get !== 'function') return undefined;
  const read = parser.parse.bind(parser);
  return {
    read,
    isBetweenMessages: () => parser.state === 0,
    subscription: (id) => subscriptions.get?.(id),
    replace: (other) => {
      parser.parse = other;
    },
  };
}

/** The message's header block as bytes, empty if there is none. */
export function headerBlock(message: Msg): Buffer {
  const inner = message as unknown as { _rdata?: Uint8Array; _msg?: { hdr?: number } };
  const length = inner._msg?.hdr;
  if (inner._rdata !== undefined && length !== undefined) {
    return length > 0 ? Buffer.from(inner._rdata.buffer, inner._rdata.byteOffset, length) : NO_BYTES;
  }
  return encodeHeaders(message.headers);
}

/**
 * Ends the connection with a TCP reset. A plain close lets the kernel go on sending what it still holds,
 * for minutes if the line is broken, and those publishes would then arrive after we have sent them anew.
 */
export function resetSocket(client: NatsConnection): void {
  const inner = client as unknown as { protocol?: { transport?: { socket?: Socket } } };
  const transport = inner.protocol?.transport?.socket;
  // A TLS socket cannot be reset; the one beneath it can, and takes it along.
  const socket = (transport as { _parent?: Socket | null } | undefined)?._parent ?? transport;
  if (socket === undefined || typeof socket.resetAndDestroy !== 'function') {
    void client.close();
    return;
  }
  socket.resetAndDestroy();
}

class ReadyHeaders {
  readonly #block: Uint8Array;
  constructor(block: Uint8Array) {
    this.#block = block;
  }
  encode(): Uint8Array {
    return this.#block;
  }
}

function encodeHeaders(headers: MsgHdrs | undefined): Buffer {
  if (headers === undefined) return NO_BYTES;
  let text = headers.code > 0 ? `NATS/1.0 ${headers.code} ${headers.description}\r\n` : 'NATS/1.0\r\n';
  for (const [name, values] of headers) {
    for (const value of values) text += `${name}: ${value}\r\n`;
  }
  return Buffer.from(encoder.encode(`${text}\r\n`));
}
