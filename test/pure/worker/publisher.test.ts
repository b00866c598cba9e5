import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import type { Outbox } from '../../../src-core/worker/outbox.ts';
import { Publisher } from '../../../src-core/worker/publisher.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function open() {
  const clock = new VirtualClock();
  const sent: { subject: string; reply: string; text: string; id?: string }[] = [];
  const outbox = {
    send: (subject: string, reply: string, text: string) => {
      if (text === 'too large') throw new Error('max_payload');
      sent.push({ subject, reply, text });
    },
    sendWithId: (subject: string, reply: string, text: string, id: string) => void sent.push({ subject, reply, text, id }),
  } as unknown as Outbox;
  let callback: (error: null, message: Msg) => void = () => {};
  const client = {
    subscribe: (_subject: string, options: { callback: typeof callback }) => {
      ({ callback } = options);
      return { isClosed: () => false, unsubscribe: () => {} };
    },
  } as unknown as NatsConnection;
  const publisher = new Publisher(outbox, clock);
  const told: (number | string)[] = [];
  return {
    clock, sent, client, publisher, told,
    publish: (text: string, options = {}) => publisher.publish('s', text, { stored: (sequence) => told.push(sequence), refused: (error) => told.push(error.message) }, options),
    answer: (at: number, text: string) => callback(null, { subject: sent[at]!.reply, string: () => text, data: Buffer.from(text) } as unknown as Msg),
  };
}

describe('publishing to streams', () => {
  it('tells the sequence of each, in whatever order the answers come', async () => {
    const { publisher, client, publish, answer, sent, told } = open();
    publisher.connected(client);
    publish('one');
    publish('two', { id: 'x' });
    expect(sent.map(({ text, id }) => [text, id])).toEqual([['one', undefined], ['two', 'x']]);
    const drained = publisher.drained();
    answer(1, '{"stream":"S","seq":8}');
    answer(0, '{"stream":"S", "domain":"hub", "seq":7, "duplicate":true}');
    answer(0, '{"stream":"S","seq":7}');
    await drained;
    expect([told, publisher.size]).toEqual([[8, 7], 0]);
  });

  it('keeps what it is given while there is no connection, and sends what was under way again', async () => {
    const { clock, publisher, client, publish, answer, sent, told } = open();
    publish('early');
    await clock.advance(60_000);
    expect(sent).toEqual([]);
    publisher.connected(client);
    publish('late');
    answer(0, '{"stream":"S","seq":1}');
    publisher.disconnected();
    await clock.advance(60_000);
    publisher.connected(client);
    expect(sent.map(({ text }) => text)).toEqual(['early', 'late', 'late']);
    answer(2, '{"stream":"S","seq":2}');
    expect(told).toEqual([1, 2]);
  });

  it('sends again what is not acknowledged, or cannot be stored for the moment', async () => {
    const { clock, publisher, client, publish, answer, sent, told } = open();
    publisher.connected(client);
    publish('a');
    await clock.advance(4_900);
    expect(sent).toHaveLength(1);
    await clock.advance(500);
    expect(sent).toHaveLength(2);
    answer(1, '');
    await clock.advance(600);
    expect(sent).toHaveLength(3);
    answer(2, '{"error":{"code":503,"err_code":10008,"description":"away"}}');
    await clock.advance(1_000);
    answer(3, '{"stream":"S","seq":5}');
    expect(told).toEqual([5]);
    await clock.advance(60_000);
    expect([sent.length, clock.timers]).toEqual([4, 0]);
  });

  it('does not take for lost what was acknowledged while the process stood still', async () => {
    const { clock, publisher, client, publish, answer, told } = open();
    publisher.connected(client);
    publish('a', { giveUpAfterMs: 1_000 });
    publish('b', { giveUpAfterMs: 1_000 });
    await clock.pause(3_000);
    // It lay on the socket, which is read after the timers.
    answer(0, '{"stream":"S","seq":1}');
    await clock.advance(250);
    expect(told).toEqual([1, 'NATS did not store what was published on s: the time for it is up.']);
  });

  it('says what will not be stored: refused for good, out of time, too large, closed', async () => {
    const { clock, publisher, client, publish, answer, told } = open();
    publisher.connected(client);
    publish('a');
    answer(0, '{"error":{"code":400,"err_code":10077,"description":"message size exceeds maximum allowed"}}');
    publish('b', { giveUpAfterMs: 1_000 });
    await clock.advance(2_000);
    publish('too large');
    publish('d');
    publisher.close();
    publish('e');
    expect(told).toEqual([
      'NATS did not store what was published on s: message size exceeds maximum allowed (10077).',
      'NATS did not store what was published on s: the time for it is up.',
      'NATS did not store what was published on s: max_payload.',
      'NATS did not store what was published on s: the connection was closed.',
      'NATS did not store what was published on s: the connection was closed.',
    ]);
    expect([publisher.size, clock.timers]).toEqual([0, 0]);
  });
});
