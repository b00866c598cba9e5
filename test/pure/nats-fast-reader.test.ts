import type { NatsConnection } from '@nats-io/transport-node';
import { Kind, MsgImpl, Parser } from '@nats-io/nats-core/internal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { libraryReader } from '../../src-core/nats/client-internals.ts';
import { FastReader, listen, readFast } from '../../src-core/nats/fast-reader.ts';
import type { Incoming } from '../../src-core/nats/incoming.ts';
import { incomingOf } from '../../src-core/nats/incoming.ts';

type Pushed = { kind: number; msg?: { sid: number }; data?: Uint8Array };

const OURS = 7;
const THEIRS = 8;

/** The library's parser with our reader before it; what each of them gives out, in order. */
function readerOf() {
  const given: string[] = [];
  const ours = {};
  listen({ subscribe: () => ours } as unknown as NatsConnection, 'subject', (message) => given.push(`ours ${describeMessage(message)}`));
  const parser = new Parser({
    push: ({ kind, msg, data }: Pushed) => given.push(kind === Kind.MSG
      ? `${msg?.sid === OURS ? 'ours' : 'theirs'} ${describeMessage(incomingOf(new MsgImpl(msg as never, data as never, {} as never) as never))}`
      : `kind ${kind} ${data === undefined ? '' : Buffer.from(data).toString()}`),
  } as never);
  let slowBytes = 0;
  const reader = new FastReader({
    read: (bytes) => {
      slowBytes += bytes.length;
      parser.parse(bytes);
    },
    isBetweenMessages: () => parser.state === 0,
    subscription: (id) => (id === OURS ? ours : id === THEIRS ? {} : undefined),
  });
  return { given, reader, parser, slow: () => slowBytes };
}

function describeMessage({ subject, reply, head, size, text }: Incoming): string {
  return JSON.stringify({ subject, reply, head, size, text });
}

function frame(message: { subject: string; id: number; reply: string; head: string; text: string }): string {
  const size = Buffer.byteLength(message.text);
  const parts = [message.subject, message.id, ...(message.reply === '' ? [] : [message.reply])].join(' ');
  if (message.head === '') return `MSG ${parts} ${size}\r\n${message.text}\r\n`;
  return `HMSG ${parts} ${message.head.length} ${message.head.length + size}\r\n${message.head}${message.text}\r\n`;
}

const message = fc.record({
  subject: fc.constantFrom('a', 'natsjob.job.start.ns.app.job', '$KV.bucket.größe', '1'),
  id: fc.constantFrom(OURS, OURS, THEIRS, 99),
  reply: fc.constantFrom('', '_INBOX.x.12', '$JS.ACK.s.c.1.2.3.4.5', '12'),
  head: fc.constantFrom('', 'NATS/1.0\r\n\r\n', 'NATS/1.0\r\nA: b\r\n\r\n', 'NATS/1.0 100 Idle\r\n\r\n'),
  text: fc.constantFrom('', 'x', 'größe €', 'MSG a 7 1\r\nx\r\n', 'x'.repeat(300), '\r\n\n'),
}).map(frame);
const other = fc.constantFrom('PING\r\n', 'PONG\r\n', '+OK\r\n', '-ERR \'Slow\'\r\n', 'INFO {"a":1}\r\n', 'MSG  a  7  1\r\nx\r\n', 'msg a 7 1\r\nx\r\n', 'HMSG a 7 12 12\r\nNATS/1.0\r\n\r\n\r\n');

describe('the fast reader of what NATS sends', () => {
  it('gives out what the library would, in the same order, however the socket cuts it', () => {
    fc.assert(fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: message }, other), { maxLength: 12 }), fc.array(fc.nat(400), { maxLength: 20 }), (parts, cuts) => {
      const bytes = Buffer.from(parts.join(''));
      const { given, reader } = readerOf();
      const whole = readerOf();
      whole.parser.parse(bytes);
      let from = 0;
      for (const cut of [...cuts, bytes.length]) {
        reader.read(bytes.subarray(from, Math.min(bytes.length, from + cut)));
        from = Math.min(bytes.length, from + cut);
      }
      expect(given).toEqual(whole.given);
    }), { numRuns: 500 });
  });

  it('keeps messages of ours from the library, save those the socket has cut', () => {
    const { given, reader, slow } = readerOf();
    const bytes = Buffer.from(frame({ subject: 's', id: OURS, reply: '', head: 'NATS/1.0\r\n\r\n', text: 'text' }));
    reader.read(bytes);
    reader.read(bytes.subarray(0, 5));
    reader.read(bytes.subarray(5));
    expect(given).toHaveLength(2);
    expect(slow()).toBe(0);
  });

  it('lets the library say what is no protocol', () => {
    const { reader } = readerOf();
    expect(() => reader.read(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))).toThrow();
  });

  it('takes the place of the library’s parser on a client, and leaves a client alone that has none', () => {
    const calls: string[] = [];
    const parser = new Parser({ push: ({ kind }: Pushed) => calls.push(`library ${kind}`) } as never);
    const subscription = {};
    const client = {
      protocol: { parser, subscriptions: { get: () => subscription } }, subscribe: () => subscription,
    } as unknown as NatsConnection;
    listen(client, 'subject', ({ text }) => calls.push(text));
    readFast(client);
    parser.parse(Buffer.from('MSG a 1 4\r\ntext\r\nPING\r\n'));
    expect(calls).toEqual(['text', `library ${Kind.PING}`]);
    expect(libraryReader({ protocol: {} } as unknown as NatsConnection)).toBeUndefined();
    expect(() => readFast({} as NatsConnection)).not.toThrow();
  });
});
