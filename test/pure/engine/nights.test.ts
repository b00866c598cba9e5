import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { openNode } from '../../support/virtual-node.ts';
import type { VirtualNode } from '../../support/virtual-node.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let clock: VirtualClock;
let nats: MemoryNats;
let node: VirtualNode;
/** What core subscribers saw: job, and the moment the fire was due. */
let sent: { job: string; due: string; taskId: string }[];

beforeEach(() => {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
  sent = [];
  nats.listen((subject, text) => {
    const job = /^natsjob(?:-void)?\.job\.start\.app\.biz\.(.+)$/.exec(subject)?.[1];
    if (job === undefined) return;
    const { taskId } = JSON.parse(text) as { taskId: string };
    sent.push({ job, taskId, due: new Date(Number(BigInt(taskId) >> 22n) + 1_577_836_800_000).toISOString() });
  });
});

afterEach(async () => {
  await clock.until(node.scheduler.stop());
  expect(new Set(sent.map(({ taskId }) => taskId)).size, 'each fire once').toBe(sent.length);
});

async function openAt(time: string, jobs: Readonly<Record<string, object>>): Promise<void> {
  clock.jump(Date.parse(time) - clock.now());
  node = openNode({ clock, nats, store: createMemoryStore() });
  await clock.until(node.scheduler.start());
  await clock.advance(3_000);
  const { api } = node.scheduler;
  await clock.until(api.apps.create('app', { name: 'biz' }));
  for (const [name, job] of Object.entries(jobs)) await clock.until(api.jobs.create({ namespace: 'app', app: 'biz', name, model: 'plus', ...job }));
}

function duesOf(name: string): string[] {
  return sent.filter(({ job }) => job === name).map(({ due }) => due.slice(0, 16)).sort();
}

const NIGHTLY = {
  once: { schedule: { expression: '0 30 2 * * *', timezone: 'Europe/Berlin', dst: 'once' } },
  hourly: { schedule: { expression: '0 0 * * * *', timezone: 'Europe/Berlin' } },
};

describe('the night in which the clocks change', () => {
  test('in spring fires once what the gap swallows, and the hours one after the other', async () => {
    await openAt('2026-03-28T23:30:00Z', NIGHTLY);
    await clock.advance(4 * HOUR);
    expect(duesOf('once')).toEqual(['2026-03-29T01:00']);
    expect(duesOf('hourly')).toEqual(['2026-03-29T00:00', '2026-03-29T01:00', '2026-03-29T02:00', '2026-03-29T03:00']);
  });

  test('in autumn fires once what comes twice, over a crash between the two', async () => {
    await openAt('2026-10-24T23:30:00Z', NIGHTLY);
    await clock.advance(75 * MINUTE);
    expect(duesOf('once')).toEqual(['2026-10-25T00:30']);
    await node.crash();
    node = openNode({ clock, nats, store: createMemoryStore() });
    await clock.until(node.scheduler.start());
    await clock.advance(3 * HOUR);
    expect(duesOf('once')).toEqual(['2026-10-25T00:30']);
    expect(duesOf('hourly')).toEqual(['2026-10-25T00:00', '2026-10-25T01:00', '2026-10-25T02:00', '2026-10-25T03:00']);
  });
});

describe('ten minutes', () => {
  const EVERY_10 = { expression: '*/10 * * * * *' };
  const JOBS = {
    skip: { schedule: EVERY_10, misfire: { policy: 'skip' } },
    once: { schedule: EVERY_10, misfire: { policy: 'once', windowMs: HOUR } },
    all: { schedule: EVERY_10, misfire: { policy: 'all', windowMs: HOUR, max: 1_000 } },
    few: { schedule: EVERY_10, misfire: { policy: 'all', windowMs: HOUR, max: 5 } },
    late: { schedule: EVERY_10, misfire: { policy: 'all', windowMs: MINUTE, max: 1_000 } },
  };
  const counts = (): Record<string, number> => Object.fromEntries(Object.keys(JOBS).map((job) => [job, duesOf(job).length]));
  const since = (before: Record<string, number>): Record<string, number> => Object.fromEntries(Object.entries(counts()).map(([job, count]) => [job, count - (before[job] ?? 0)]));
  const MADE_UP = { skip: 0, once: 1, all: 60, few: 5, late: 6 };

  test('of sleep: each policy makes up for its own when the machine wakes', async () => {
    await openAt('2026-06-01T12:00:00.000Z', JOBS);
    await clock.advance(58_000);
    const before = counts();
    await clock.pause(10 * MINUTE);
    await clock.advance(6_900);
    // The machine woke a second after a fire, and none is due before the next ten.
    expect(since(before)).toEqual(MADE_UP);
    await clock.advance(10_000);
    expect(since(before)).toEqual(Object.fromEntries(Object.entries(MADE_UP).map(([job, count]) => [job, count + 1])));
  });

  test('without NATS: nothing is sent meanwhile, each policy makes up for its own, and nothing waits in memory', async () => {
    await openAt('2026-06-01T12:00:00.000Z', JOBS);
    await clock.advance(58_000);
    const before = counts();
    node.bus.cut();
    await clock.advance(10 * MINUTE);
    expect(since(before)).toEqual({ skip: 0, once: 0, all: 0, few: 0, late: 0 });
    expect((await clock.until(node.scheduler.api.gauges())).unackedPublishes).toBeLessThan(20);
    node.bus.mend();
    await clock.advance(8_000);
    expect(since(before)['all']).toBeGreaterThanOrEqual(60);
    expect(since(before)).toMatchObject({ once: 1, few: 5 });
    expect(node.errors).toEqual([]);
  });
});
