import { headers } from '@nats-io/transport-node';
import type { Msg } from '@nats-io/transport-node';
import { MsgImpl, ProtocolHandler } from '@nats-io/nats-core/internal';
import { describe, expect, it } from 'vitest';
import { headerBlock, readyHeaders } from '../../src-core/nats/client-internals.ts';

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
});
