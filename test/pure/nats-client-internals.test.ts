import { headers } from '@nats-io/transport-node';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { MsgImpl, ProtocolHandler } from '@nats-io/nats-core/internal';
import { describe, expect, it } from 'vitest';
import { headerBlock, readyHeaders } from '../../src-core/nats/client-internals.ts';
import { PublishBatch } from '../../src-core/nats/publish-batch.ts';

const HEAD = 'NATS/1.0\r\nA: b\r\n\r\n';

/** A client around the library's own handler of the protocol, and all that it gives to the socket. */
function clientOf(state: { closed?: boolean } = {}) {
  const sent: Uint8Array[] = [];
  const alone: string[] = [];
  const protocol = Object.assign(Object.create(ProtocolHandler.prototype) as object, {
    outbound: { length: () => 1, size: () => 0, fill: (...parts: Uint8Array[]) => sent.push(...parts) }, pendingLimit: 1,
  });
  const client = {
    protocol, info: { max_payload: 100 }, isClosed: () => state.closed === true, isDraining: () => false,
    publish: (subject: string) => alone.push(subject),
  } as unknown as NatsConnection;
  const batch = new PublishBatch(client);
  const add = (subject: string, text: string): void =>
    batch.add(subject, 'reply', { head: HEAD, headBytes: HEAD.length, payloadBytes: Buffer.byteLength(text) }, text);
  return { add, batch, alone, text: () => Buffer.concat(sent).toString() };
}

describe('what we use of the client library beyond its types', () => {
  it('publishes header bytes that are ready as they are', () => {
    const sent: Uint8Array[] = [];
    const handler = Object.create(ProtocolHandler.prototype) as { publish: (subject: string, payload: Uint8Array, options: object) => void };
    Object.assign(handler, { outBytes: 0, outMsgs: 0, sendCommand: (command: string, ...parts: Uint8Array[]) => sent.push(Buffer.from(command), ...parts) });
    const block = Buffer.from('NATS/1.0\r\nA: b\r\n\r\n');
    handler.publish('subject', Buffer.from('text'), { reply: 'reply', headers: readyHeaders(block) });
    expect(Buffer.concat(sent).toString()).toBe('HPUB subject reply 18 22\r\nNATS/1.0\r\nA: b\r\n\r\ntext\r\n');
  });

  it('reads header bytes out of a message without parsing them', () => {
    const data = Buffer.from('NATS/1.0\r\nA: b\r\n\r\ntext');
    const message = new MsgImpl({ subject: Buffer.from('s'), sid: 1, hdr: 18, size: data.length } as never, data, {} as never) as unknown as Msg;
    expect(headerBlock(message).toString()).toBe('NATS/1.0\r\nA: b\r\n\r\n');
    expect('_headers' in message && message._headers !== undefined).toBe(false);
    const bare = new MsgImpl({ subject: Buffer.from('s'), sid: 1, hdr: -1, size: 4 } as never, Buffer.from('text'), {} as never) as unknown as Msg;
    expect(headerBlock(bare)).toHaveLength(0);
  });

  it('falls back to the published way of reading headers', () => {
    const block = headers();
    block.set('A', 'b');
    expect(headerBlock({ headers: block } as unknown as Msg).toString()).toBe('NATS/1.0\r\nA: b\r\n\r\n');
  });

  it('sends several publishes as one piece, in order, with lengths in bytes', () => {
    const { add, batch, text, alone } = clientOf();
    add('one', 'plain');
    add('two', 'prächtig €');
    expect(text()).toBe('');
    batch.flush();
    batch.flush();
    expect(text()).toBe(`HPUB one reply 18 23\r\n${HEAD}plain\r\nHPUB two reply 18 31\r\n${HEAD}prächtig €\r\n`);
    expect(alone).toEqual([]);
  });

  it('leaves to the client what it may refuse, after all that came before', () => {
    const { add, text, alone } = clientOf();
    add('one', 'plain');
    add('subject.with space', 'text');
    add('größe', 'text');
    add('long', 'x'.repeat(100));
    expect(text()).toContain('HPUB one ');
    expect(alone).toEqual(['subject.with space', 'größe', 'long']);
    const closed = clientOf({ closed: true });
    closed.add('one', 'plain');
    expect(closed.alone).toEqual(['one']);
  });
});
