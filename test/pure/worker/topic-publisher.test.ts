import type { NatsConnection } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { TopicPublisher } from '../../../src-core/worker/bus/topic-publisher.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function open() {
  const clock = new VirtualClock();
  const sent: string[] = [];
  let answer: (slot: number, text: string) => void = () => {};
  const client = {
    // Then batches go out by publish().
    isClosed: () => true,
    publish: (_subject: string, _body: Uint8Array, { reply }: { reply: string }) => void sent.push(reply),
    subscribe: (_subject: string, { callback }: { callback: (error: null, message: object) => void }) => {
      answer = (slot, text) => callback(null, { subject: sent[slot]!, string: () => text, data: Buffer.from(text) });
      return { isClosed: () => false, unsubscribe: () => {} };
    },
  } as unknown as NatsConnection;
  const publisher = new TopicPublisher(clock, () => Promise.resolve());
  publisher.resume(client);
  const told: (number | string)[] = [];
  const publish = (isRepeated: boolean, lane?: string): void => {
    publisher.publish({ subject: 's', head: '', body: new Uint8Array(1), isRepeated, lane }).then((sequence) => told.push(sequence), (error: Error) => told.push(error.name));
  };
  return { clock, sent, told, publish, publisher, answer: (slot: number, text: string) => answer(slot, text) };
}

describe('publishing to a topic', () => {
  it('does not take for unconfirmed what was confirmed while the process stood still', async () => {
    const { clock, sent, told, publish, answer } = open();
    publish(false);
    publish(true);
    await clock.advance(0);
    expect(sent).toHaveLength(2);
    await clock.pause(10_000);
    // They lay on the socket, which is read after the timers.
    answer(0, '{"stream":"S","seq":1}');
    answer(1, '{"stream":"S","seq":2}');
    await clock.advance(10_000);
    expect(told).toEqual([1, 2]);
    expect(sent).toHaveLength(2);
  });

  it('sends again what is not confirmed, if the stream knows it by its id, and says so of the rest', async () => {
    const { clock, sent, told, publish, answer } = open();
    publish(false);
    publish(true);
    await clock.advance(4_000);
    expect([sent.length, told]).toEqual([2, []]);
    await clock.advance(2_500);
    expect([sent.length, told]).toEqual([3, ['UnconfirmedError']]);
    answer(2, '{"stream":"S","seq":7}');
    await clock.advance(10_000);
    expect([sent.length, told]).toEqual([3, ['UnconfirmedError', 7]]);
  });

  it('sends the next of a lane when the one before it is stored or refused, and other lanes meanwhile', async () => {
    const { clock, sent, told, publish, publisher, answer } = open();
    for (const lane of ['a', 'a', 'b', 'a', 'a']) publish(true, lane);
    await clock.advance(0);
    expect([sent.length, publisher.size]).toEqual([2, 5]);
    answer(1, '{"stream":"S","seq":1}');
    await clock.advance(0);
    expect(sent).toHaveLength(2);
    answer(0, '{"stream":"S","seq":2}');
    await clock.advance(0);
    expect([sent.length, publisher.size]).toEqual([3, 3]);
    let isDrained = false;
    void publisher.drained().then(() => { isDrained = true; });
    answer(2, '{"error":{"code":400,"err_code":10077,"description":"full"}}');
    await clock.advance(0);
    answer(3, '{"stream":"S","seq":3}');
    await clock.advance(0);
    expect([sent.length, isDrained]).toEqual([5, false]);
    answer(4, '{"stream":"S","seq":4}');
    await clock.advance(0);
    expect([told, isDrained, publisher.size]).toEqual([[1, 2, 'NotStoredError', 3, 4], true, 0]);
    publish(true, 'a');
    await clock.advance(0);
    expect(sent).toHaveLength(6);
  });

  it('refuses what waits in a lane when it is closed', async () => {
    const { clock, sent, told, publish, publisher } = open();
    for (let count = 0; count < 3; count++) publish(true, 'a');
    await clock.advance(0);
    publish(true, 'b');
    publish(true, 'b');
    publisher.close();
    await clock.advance(0);
    expect([sent.length, told, publisher.size]).toEqual([1, Array.from({ length: 5 }, () => 'NotStoredError'), 0]);
    // As one that waited for its topic meanwhile.
    publish(true);
    await clock.advance(0);
    expect([told.length, publisher.size]).toEqual([6, 0]);
  });
});
