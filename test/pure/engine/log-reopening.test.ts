import { beforeEach, describe, expect, test } from 'vitest';
import { UnavailableError } from '../../../src-core/domain/errors.ts';
import type { EngineContext } from '../../../src-core/engine/context.ts';
import { LogReopening } from '../../../src-core/engine/log-reopening.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let clock: VirtualClock;
let bus: { state: string };
let told: string[];
/** What comes of the next readings; undefined = they succeed. */
let failures: string[];
/** Done in the midst of the next readings. */
let meanwhile: (() => void)[];
let reopening: LogReopening;

beforeEach(async () => {
  clock = new VirtualClock();
  bus = { state: 'connected' };
  told = [];
  failures = [];
  meanwhile = [];
  reopening = new LogReopening({
    context: { bus, clock, log: { warn: (_: object, text: string) => told.push(text) } } as unknown as EngineContext,
    close: async () => void told.push('closed'),
    read: async () => {
      told.push('read');
      await Promise.resolve();
      meanwhile.shift()?.();
      const failure = failures.shift();
      if (failure !== undefined) throw new Error(failure);
    },
    stopReading: async () => void told.push('stopped reading'),
    takePart: () => void told.push(`takes part, ${reopening.isRunning ? 'reopening' : 'open'}`),
  });
  await reopening.open();
  told.length = 0;
});

const start = (problem = 'gone'): void => reopening.start(problem, () => told.push('lost'));

test('a lost log is closed, read anew and taken part in', async () => {
  start();
  expect(reopening.isRunning).toBe(true);
  await clock.settle();
  expect(told).toEqual(['lost', 'closed', 'read', 'takes part, reopening']);
  expect(reopening.isRunning).toBe(false);
});

test('what is lost meanwhile starts nothing and says nothing', async () => {
  bus.state = 'disconnected';
  start();
  await clock.settle();
  start();
  await clock.advance(5_000);
  expect(told).toEqual(['lost', 'closed']);
  bus.state = 'connected';
  await clock.advance(1_000);
  expect(told).toEqual(['lost', 'closed', 'read', 'takes part, reopening']);
});

test('it is tried until it works, and the same trouble is told once', async () => {
  failures = ['no disk', 'no disk', 'no leader'];
  start();
  await clock.advance(3_000);
  const trouble = 'the log cannot be opened; trying again';
  expect(told).toEqual([
    'lost', 'closed', 'read', trouble, 'stopped reading', 'read', 'stopped reading', 'read', trouble, 'stopped reading', 'read', 'takes part, reopening',
  ]);
});

test('a stop waits for the try under way, and none follows', async () => {
  failures = ['no disk'];
  start();
  await clock.settle();
  let isStopped = false;
  void reopening.stop().then(() => (isStopped = true));
  await clock.settle();
  expect(isStopped).toBe(false);
  await clock.advance(1_000);
  expect(isStopped).toBe(true);
  start();
  await clock.advance(5_000);
  expect(told.filter((word) => word === 'lost' || word === 'read')).toEqual(['lost', 'read']);
});

test('what is lost while it is read makes that reading fail: there are never two at a time', async () => {
  meanwhile = [() => start('gone again')];
  start();
  await clock.advance(3_000);
  expect(told).toEqual(['lost', 'closed', 'read', 'the log cannot be opened; trying again', 'stopped reading', 'read', 'takes part, reopening']);
});

describe('before it was open', () => {
  beforeEach(() => {
    reopening = new LogReopening({
      context: { bus, clock, log: { warn: (_: object, text: string) => told.push(text) } } as unknown as EngineContext,
      close: async () => void told.push('closed'), stopReading: async () => void told.push('stopped reading'), takePart: () => told.push('takes part'),
      read: async () => {
        told.push('read');
        await Promise.resolve();
        meanwhile.shift()?.();
      },
    });
  });

  test('a loss in the midst of the first reading is for whoever opens it: no other reading begins', async () => {
    meanwhile = [() => start('another has the node id')];
    await expect(reopening.open()).rejects.toThrow(new UnavailableError('another has the node id'));
    start();
    await clock.advance(5_000);
    expect(told).toEqual(['read']);
    await reopening.open();
    expect(told).toEqual(['read', 'read']);
    start();
    await clock.settle();
    expect(told).toEqual(['read', 'read', 'lost', 'closed', 'read', 'takes part']);
  });
});
