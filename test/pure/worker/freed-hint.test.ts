import type { Msg } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import type { WorkerConnection } from '../../../src-core/worker/index.ts';
import { FreedHint } from '../../../src-core/worker/locks/freed-hint.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

function open() {
  const clock = new VirtualClock();
  let tell: (error: null, message: Msg) => void = () => {};
  const client = { subscribe: (_subject: string, { callback }: { callback: typeof tell }) => {
    tell = callback;
    return { isClosed: () => false, unsubscribe: () => {} };
  } };
  const hint = new FreedHint({ clock, client, state: 'connected', onState: () => () => {} } as unknown as WorkerConnection, 'lock.a');
  const say = (operation: string): void => tell(null, { headers: { get: () => operation } } as unknown as Msg);
  const looks: number[] = [];
  const look = async (times: number, mostMs = 60_000): Promise<void> => {
    for (let count = 0; count < times; count++) {
      await hint.wait(mostMs, new AbortController().signal);
      looks.push(clock.monotonic());
    }
  };
  return { clock, say, looks, look, hint };
}

it('a lock that was freed is looked at again and again at first, as the stream may show that late, then once a second', async () => {
  const { clock, say, looks, look, hint } = open();
  void look(6);
  await clock.advance(100);
  say('DEL');
  await clock.advance(3_000);
  expect(looks).toEqual([105, 125, 205, 525, 1_525, 2_525]);
  hint.close();
  expect(clock.timers).toBe(0);
});

it('what was heard before it is waited for counts, unless somebody has written since', async () => {
  const { clock, say, looks, look } = open();
  say('DEL');
  void look(1);
  await clock.advance(10);
  expect(looks).toEqual([5]);
  say('DEL');
  say('');
  void look(1);
  await clock.advance(5_000);
  expect(looks).toEqual([5, 1_010]);
  say('DEL');
  void look(1, 2);
  await clock.advance(10);
  expect(looks).toEqual([5, 1_010, 5_012]);
});
