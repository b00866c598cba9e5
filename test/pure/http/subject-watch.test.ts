import { beforeEach, expect, test } from 'vitest';
import { ConflictError } from '../../../src-core/domain/errors.ts';
import type { WatchedMessage } from '../../../src-core/http/contract.ts';
import { LIVE_LIMITS } from '../../../src-core/http/live/live-limits.ts';
import { SharedWatches } from '../../../src-core/http/live/shared-watches.ts';
import { SubjectWatch } from '../../../src-core/http/live/subject-watch.ts';
import type { SeenMessage } from '../../../src-core/ports/bus-access.ts';
import { createVirtualClock } from '../../support/http-virtual-clock.ts';
import type { VirtualClock } from '../../support/http-virtual-clock.ts';

let clock: VirtualClock;
let watched: Map<string, (message: SeenMessage) => void>;
let watches: SharedWatches;

beforeEach(() => {
  clock = createVirtualClock();
  watched = new Map();
  watches = new SharedWatches((subject, onMessage) => {
    watched.set(subject, onMessage);
    return () => void watched.delete(subject);
  });
});

function client() {
  const frames: { at: number; type: string; items: WatchedMessage[]; dropped: number; length: number }[] = [];
  const socket = { bufferedAmount: 0, send: (text: string) => void frames.push({ ...JSON.parse(text), at: clock.monotonic(), length: text.length }), close: () => undefined };
  const watch = new SubjectWatch({ socket, watches, clock, limits: LIVE_LIMITS, seq: () => 7 });
  return { frames, socket, watch, messages: () => frames.filter(({ type }) => type === 'messages') };
}

function tell(subject: string, text = 'x', times = 1): void {
  const message: SeenMessage = { subject: 'natsjob.job.start.a.b.c', bytes: Buffer.byteLength(text), text: () => text, headers: () => ({ a: 'b' }) };
  for (let time = 0; time < times; time += 1) watched.get(subject)?.(message);
}

test('a message comes at once, those after it together', () => {
  const { watch, frames, messages } = client();
  watch.watch('natsjob.>');
  expect(frames).toMatchObject([{ type: 'watching', subject: 'natsjob.>', seq: 7 }]);
  tell('natsjob.>', 'first');
  clock.pass(1);
  tell('natsjob.>', 'second', 3);
  clock.pass(249);
  expect(messages().map(({ at, items, dropped }) => [at, items.map(({ text }) => text), dropped])).toEqual([[0, ['first'], 0], [250, ['second', 'second', 'second'], 0]]);
  expect(messages()[0]!.items[0]).toEqual({ subject: 'natsjob.job.start.a.b.c', headers: { a: 'b' }, text: 'first', at: expect.stringMatching(/^2026-03-01T/) });
  clock.pass(10_000);
  expect(messages()).toHaveLength(2);
});

test('of a flood at most 200 messages and 256 kB go into a frame, four frames a second, and the others are counted', () => {
  const { watch, messages } = client();
  watch.watch('natsjob.>');
  for (let ms = 0; ms < 2_000; ms += 10) {
    tell('natsjob.>', 'small', 50);
    clock.pass(10);
  }
  clock.pass(250);
  expect(messages().length).toBeLessThanOrEqual(10);
  for (const { items } of messages()) expect(items.length).toBeLessThanOrEqual(200);
  expect(messages().reduce((sum, { items, dropped }) => sum + items.length + dropped, 0)).toBe(10_000);
  const before = messages().length;
  tell('natsjob.>', '"'.repeat(60_000), 10);
  tell('natsjob.>', 'y'.repeat(300_000));
  clock.pass(250);
  const [large] = messages().slice(before);
  expect(large!.length).toBeLessThanOrEqual(262_144 + 100);
  expect([large!.items.length, large!.dropped]).toEqual([2, 9]);
});

test('who does not read gets nothing more, and is told how much it missed', () => {
  const { watch, socket, messages } = client();
  watch.watch('natsjob.>');
  socket.bufferedAmount = 2_000_000;
  tell('natsjob.>', 'x', 300);
  clock.pass(1_000);
  expect(messages()).toEqual([]);
  socket.bufferedAmount = 0;
  tell('natsjob.>', 'last');
  clock.pass(1_000);
  expect(messages()).toMatchObject([{ dropped: 300, items: [{ text: 'last' }] }]);
});

test('a client watches one subject, several watch the same one together, and nothing is left when they go', () => {
  const [one, other] = [client(), client()];
  one.watch.watch('natsjob.job.>');
  one.watch.watch('natsjob.>');
  other.watch.watch('natsjob.>');
  expect([...watched.keys()]).toEqual(['natsjob.>']);
  tell('natsjob.>');
  one.watch.end();
  tell('natsjob.>');
  clock.pass(1_000);
  expect([one.messages().length, other.messages()[0]!.items.length]).toEqual([0, 2]);
  other.watch.watch(null);
  expect(other.frames.at(-1)).toMatchObject({ type: 'watching', subject: null });
  expect([watched.size, clock.timers]).toEqual([0, 0]);
});

test('more than four subjects at once are refused', () => {
  for (let number = 1; number <= 4; number += 1) client().watch.watch(`natsjob.job.${number}`);
  const late = client();
  expect(() => late.watch.watch('natsjob.job.5')).toThrow(ConflictError);
  late.watch.watch('natsjob.job.4');
});

test('what is reported of runs is watched beside them, of sixty-four runs at once', () => {
  for (let number = 1; number <= 4; number += 1) client().watch.watch(`natsjob.job.${number}`);
  for (let number = 10; number < 74; number += 1) client().watch.watch(`natsjob-report.a.b.c.4375000000000000${number}`);
  expect(() => client().watch.watch('natsjob-report.a.b.c.437500000000000099')).toThrow(ConflictError);
});
