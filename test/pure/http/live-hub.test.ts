import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import type { LiveChanges, LiveFrame } from '../../../src-core/http/contract.ts';
import { LiveHub } from '../../../src-core/http/live/live-hub.ts';
import { LIVE_LIMITS } from '../../../src-core/http/live/live-limits.ts';
import type { LiveLimits } from '../../../src-core/http/live/live-limits.ts';
import type { Session } from '../../../src-core/http/auth/session.ts';
import { createFakeApi, runRecord, T0, WORKER } from '../../support/fake-api.ts';
import type { FakeApi } from '../../support/fake-api.ts';
import { createVirtualClock } from '../../support/http-virtual-clock.ts';
import type { VirtualClock } from '../../support/http-virtual-clock.ts';

let fake: FakeApi;
let clock: VirtualClock;
let good: boolean;
let hub: LiveHub;

beforeEach(() => {
  fake = createFakeApi();
  clock = createVirtualClock();
  good = true;
  hub = createHub();
});

function createHub(limits: Partial<LiveLimits> = {}): LiveHub {
  const log = { debug: () => undefined } as never;
  return new LiveHub({ api: fake.api, session: { isGood: () => good } as unknown as Session, clock, log, limits: { ...LIVE_LIMITS, ...limits }, onExpired: () => expired.push(clock.monotonic()) });
}

const expired: number[] = [];

interface TestSocket {
  bufferedAmount: number;
  readonly frames: { readonly at: number; readonly frame: LiveFrame }[];
  closed: number | undefined;
  send(text: string): void;
  close(code: number): void;
}

function createSocket(): TestSocket {
  const socket: TestSocket = {
    bufferedAmount: 0,
    frames: [],
    closed: undefined,
    send: (text) => void socket.frames.push({ at: clock.monotonic(), frame: JSON.parse(text) as LiveFrame }),
    close: (code) => void (socket.closed = code),
  };
  return socket;
}

function changesOf(socket: TestSocket): LiveChanges[] {
  return socket.frames.map(({ frame }) => frame).filter((frame) => frame.type === 'changes');
}

function tellRun(id: number, state: 'active' | 'completed' = 'active', namespace = 'app'): void {
  fake.change({ type: 'run', run: runRecord({ id: String(id), state, namespace }) });
}

test('a thousand changes a second become four frames, each with the latest state of a run', () => {
  const socket = createSocket();
  hub.join(socket).subscribe({ types: ['runs'] }, undefined);
  for (let ms = 0; ms < 1_000; ms += 1) {
    tellRun(ms % 10, ms % 20 < 10 ? 'active' : 'completed');
    clock.pass(1);
  }
  clock.pass(500);
  const frames = changesOf(socket);
  expect(frames.length).toBeLessThanOrEqual(6);
  expect(Math.max(...frames.map((frame) => frame.runs!.length))).toBe(10);
  for (const frame of frames) expect(new Set(frame.runs!.map((run) => run.taskId)).size).toBe(frame.runs!.length);
  expect(new Map(frames.flatMap((frame) => frame.runs!).map((run) => [run.taskId, run.state])).get('9')).toBe('completed');
  const times = socket.frames.filter(({ frame }) => frame.type === 'changes').map(({ at }) => at);
  for (let index = 1; index < times.length; index += 1) expect(times[index]! - times[index - 1]!).toBeGreaterThanOrEqual(250);
  expect(frames.at(-1)!.seq).toBe(hub.changes.seq);
});

test('args and payloads do not travel', () => {
  const socket = createSocket();
  hub.join(socket).subscribe({ types: ['runs'] }, undefined);
  fake.change({ type: 'run', run: runRecord({ args: 'secret', monitorPayload: 'secret' }) });
  clock.pass(300);
  expect(JSON.stringify(socket.frames)).not.toContain('secret');
});

test('a run that the engine changes after telling is shown as it was told', () => {
  const socket = createSocket();
  hub.join(socket).subscribe({ types: ['runs'] }, undefined);
  const run = runRecord();
  fake.change({ type: 'run', run });
  run.state = 'failed';
  clock.pass(300);
  expect(changesOf(socket)[0]!.runs![0]!.state).toBe('active');
});

test('who comes back with the last number misses nothing and gets nothing twice', () => {
  const first = createSocket();
  const connection = hub.join(first);
  connection.subscribe({ types: ['runs'] }, undefined);
  tellRun(1);
  clock.pass(300);
  const { seq } = changesOf(first).at(-1)!;
  hub.leave(connection);
  for (let id = 2; id < 5; id += 1) tellRun(id);
  clock.pass(1_000);
  const second = createSocket();
  hub.join(second).subscribe({ types: ['runs'] }, seq);
  hub.refresh();
  clock.pass(300);
  expect(changesOf(second).flatMap((frame) => frame.runs!.map((run) => run.taskId))).toEqual(['2', '3', '4']);
});

test('who comes back too late is told to read anew, and then follows', () => {
  const socket = createSocket();
  const connection = hub.join(socket);
  connection.subscribe({ types: ['runs'] }, 17);
  expect(socket.frames.map(({ frame }) => frame.type)).toEqual(['subscribed', 'reset']);
  tellRun(1);
  clock.pass(300);
  expect(changesOf(socket)).toHaveLength(1);
});

test('with nobody there for a while nothing is kept, and no timer runs', () => {
  const socket = createSocket();
  const connection = hub.join(socket);
  connection.subscribe({ types: ['runs'] }, undefined);
  const seq = hub.changes.seq;
  hub.leave(connection);
  clock.pass(60_000);
  tellRun(1);
  expect(hub.changes.size).toBe(0);
  expect(clock.timers).toBe(0);
  const late = createSocket();
  hub.join(late).subscribe({ types: ['runs'] }, seq);
  expect(late.frames.at(-1)!.frame.type).toBe('reset');
});

test('a paused client gets nothing, and afterwards only how things stand', () => {
  const socket = createSocket();
  const connection = hub.join(socket);
  connection.subscribe({ types: ['runs'] }, undefined);
  connection.pause(true);
  for (let id = 0; id < 100; id += 1) {
    tellRun(1, id % 2 ? 'active' : 'completed');
    clock.pass(100);
  }
  expect(changesOf(socket)).toEqual([]);
  connection.pause(false);
  hub.refresh();
  clock.pass(300);
  expect(changesOf(socket)).toHaveLength(1);
  expect(changesOf(socket)[0]!.runs).toHaveLength(1);
});

test('a slow reader holds no memory: it is skipped, caught up with, and closed after half a minute', () => {
  const socket = createSocket();
  hub.join(socket).subscribe({ types: ['runs'] }, undefined);
  socket.bufferedAmount = 2_000_000;
  for (let id = 0; id < 50; id += 1) {
    tellRun(id);
    clock.pass(250);
  }
  expect(changesOf(socket)).toEqual([]);
  socket.bufferedAmount = 0;
  clock.pass(300);
  expect(changesOf(socket)[0]!.runs).toHaveLength(50);
  socket.bufferedAmount = 2_000_000;
  tellRun(1);
  clock.pass(29_000);
  expect(socket.closed).toBeUndefined();
  clock.pass(2_000);
  expect(socket.closed).toBe(1013);
});

test('a reader that falls behind what is kept is reset', () => {
  hub.stop();
  hub = createHub({ ringSize: 100 });
  const socket = createSocket();
  hub.join(socket).subscribe({ types: ['runs'] }, undefined);
  socket.bufferedAmount = 2_000_000;
  for (let id = 0; id < 1_000; id += 1) tellRun(id);
  clock.pass(300);
  socket.bufferedAmount = 0;
  clock.pass(300);
  expect(socket.frames.at(-1)!.frame).toEqual({ type: 'reset', seq: hub.changes.seq });
});

test('a frame has a bound; the rest follows in the next', () => {
  const socket = createSocket();
  hub.join(socket).subscribe({ types: ['runs'] }, undefined);
  for (let id = 0; id < 1_200; id += 1) tellRun(id);
  clock.pass(1_000);
  expect(changesOf(socket).map((frame) => frame.runs!.length)).toEqual([500, 500, 200]);
});

test('types and filters are kept to', () => {
  const socket = createSocket();
  hub.join(socket).subscribe({ types: ['runs', 'workers', 'leader'], namespace: 'b' }, undefined);
  tellRun(1);
  tellRun(2, 'active', 'b');
  fake.change({ type: 'worker', worker: WORKER });
  fake.change({ type: 'job', id: '7', key: 'b.a.c', deleted: true });
  fake.change({ type: 'nats', connected: false });
  fake.change({ type: 'server', role: 'leader', term: 5 });
  clock.pass(300);
  const { runs, leader, ...rest } = changesOf(socket)[0]!;
  expect(runs!.map((run) => run.taskId)).toEqual(['2']);
  expect(leader).toEqual({ role: 'leader', term: 5 });
  expect(Object.keys(rest).sort()).toEqual(['seq', 'type']);
});

test('all kinds of changes go into one frame', () => {
  const socket = createSocket();
  hub.join(socket).subscribe({ types: ['runs', 'workers', 'jobs', 'skips', 'leader', 'nats'] }, undefined);
  tellRun(1);
  fake.change({ type: 'worker', worker: WORKER });
  fake.change({ type: 'job', id: '7', key: 'app.orders.nightly', deleted: false });
  fake.change({ type: 'server', role: 'standby', term: 5 });
  fake.change({ type: 'nats', connected: false });
  fake.change({ type: 'nats', connected: true });
  fake.change({ type: 'skips', items: [{ jobNumber: 7, namespace: 'app', app: 'orders', job: 'nightly', reason: 'overlap', hour: T0, count: 2, lastAt: T0 }] });
  clock.pass(300);
  expect(changesOf(socket)).toMatchObject([{ runs: [{}], workers: [{ id: 'w1' }], jobs: [{ id: '7' }], leader: { role: 'standby' }, nats: { connected: true }, skips: [{ reason: 'overlap' }] }]);
});

test('counters come every three seconds while somebody wants them, once per namespace', async () => {
  const sockets = [createSocket(), createSocket(), createSocket()];
  const connections = sockets.map((socket) => hub.join(socket));
  connections[0]!.subscribe({ types: ['counters'] }, undefined);
  connections[1]!.subscribe({ types: ['counters'], namespace: 'b' }, undefined);
  connections[2]!.subscribe({ types: ['counters'], namespace: 'b' }, undefined);
  hub.refresh();
  for (let second = 0; second < 7; second += 1) {
    clock.pass(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  clock.pass(300);
  expect(fake.calls.filter((call) => call === 'overview({})')).toHaveLength(3);
  expect(fake.calls.filter((call) => call === 'overview({"namespace":"b"})')).toHaveLength(3);
  for (const socket of sockets) expect(changesOf(socket).map((frame) => frame.counters!.projectionLag)).toEqual([1, 1, 1]);
  for (const connection of connections) hub.leave(connection);
  clock.pass(10_000);
  await new Promise((resolve) => setImmediate(resolve));
  clock.pass(10_000);
  expect(clock.timers).toBe(0);
});

test('a client whose token has run out gets no more changes', () => {
  const socket = createSocket();
  const connection = hub.join(socket);
  connection.caller = { user: 'a', tokenId: 't', issuedAt: 0, expiresAt: 0 };
  connection.subscribe({ types: ['runs'] }, undefined);
  good = false;
  tellRun(1);
  clock.pass(300);
  expect(changesOf(socket)).toEqual([]);
  expect(expired).toHaveLength(1);
});

test('stop leaves no listener and no timer', () => {
  hub.join(createSocket()).subscribe({ types: ['runs'] }, undefined);
  tellRun(1);
  hub.stop();
  expect(fake.listeners()).toBe(0);
  expect(clock.timers).toBe(0);
});

test('a frame of long changes ends early, and the rest follows', () => {
  hub = createHub({ maxFrameLength: 10_000 });
  const socket = createSocket();
  hub.join(socket).subscribe({ types: ['runs'] }, undefined);
  for (let id = 1; id <= 20; id += 1) fake.change({ type: 'run', run: runRecord({ id: String(id), reason: 'x'.repeat(4_000) }) });
  clock.pass(3_000);
  expect(changesOf(socket).flatMap(({ runs = [] }) => runs.map(({ taskId }) => Number(taskId)))).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  for (const frame of changesOf(socket)) expect(JSON.stringify(frame).length).toBeLessThan(16_000);
});

test('at 500 changes a second, whoever goes and comes back knows what is true, or is told to read anew; never more than four frames a second', () => {
  fc.assert(fc.property(
    fc.array(fc.record({ stayMs: fc.integer({ min: 0, max: 3_000 }), awayMs: fc.integer({ min: 1, max: 3_000 }) }), { minLength: 1, maxLength: 5 }),
    fc.constantFrom(60, 400, 10_000), fc.integer({ min: 1, max: 400 }),
    (visits, ringSize, things) => {
      fake = createFakeApi();
      clock = createVirtualClock();
      hub = createHub({ ringSize });
      const truth = new Map<string, string>();
      const known = new Map<string, string>();
      let since: number | undefined;
      let told = 0;
      const change = (ms: number): void => {
        for (let at = 0; at < ms; at += 2) {
          told += 1;
          const [taskId, reason] = [String(1 + ((told * 7) % things)), `r${told}`];
          truth.set(taskId, reason);
          fake.change({ type: 'run', run: runRecord({ id: taskId, reason }) });
          clock.pass(2);
        }
      };
      for (const { stayMs, awayMs } of [...visits, { stayMs: 10, awayMs: 0 }]) {
        const socket = createSocket();
        const connection = hub.join({
          ...socket,
          send(text) {
            socket.send(text);
            const frame = JSON.parse(text) as LiveFrame;
            since = frame.seq;
            // Who is told to reads the lists anew.
            if (frame.type === 'reset') for (const [id, reason] of truth) known.set(id, reason);
            if (frame.type === 'changes') for (const run of frame.runs ?? []) known.set(run.taskId, run.reason);
          },
        });
        connection.subscribe({ types: ['runs'] }, since);
        hub.refresh();
        // It goes in the middle of things.
        change(stayMs);
        expect(changesOf(socket).length).toBeLessThanOrEqual(Math.floor(stayMs / 250) + 1);
        if (awayMs === 0) clock.pass(5_000);
        hub.leave(connection);
        change(awayMs);
      }
      expect(known).toEqual(truth);
    },
  ), { numRuns: 40 });
});
