import { expect, it } from 'vitest';
import type { WorkerConnection } from '../../../src-core/worker/index.ts';
import { Heartbeats } from '../../../src-core/worker/run/heartbeats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

it('a worker beats every five seconds, and never after it has said that it stops', async () => {
  const clock = new VirtualClock();
  const beats: number[] = [];
  const publish = (_subject: string, text: string, receipt: { stored: () => void }): void => {
    beats.push((JSON.parse(text) as { weight: number }).weight);
    receipt.stored();
  };
  const publisher = { publish, store: async (_subject: string, text: string) => void beats.push((JSON.parse(text) as { weight: number }).weight) };
  const load = { machineCpu: 0, machineMemory: 0, processCpu: 0, processRss: 0, running: 0, waiting: 0 };
  const heart = new Heartbeats({
    connection: { clock, state: 'connected', publisher } as unknown as WorkerConnection, identity: { namespace: 'app', app: 'shop', id: 'w', group: '' }, comment: '', ip: '',
    load: () => load, state: () => ({ weight: 7, capacity: 1 }),
  });
  heart.beat();
  await clock.advance(10_000);
  expect(beats).toEqual([7, 7, 7]);
  await heart.last();
  // What was begun on a new connection before the stop ends behind it.
  heart.beat();
  await clock.advance(60_000);
  expect([beats, clock.timers]).toEqual([[7, 7, 7, 0], 0]);
});
