import { beforeEach, describe, expect, test } from 'vitest';
import { Workers } from '../../../src-core/engine/workers.ts';
import type { Heartbeat } from '../../../src-core/wire/index.ts';
import { aWorker } from '../../support/store-rows.ts';

const NOW = 1_800_000_000_000;
let workers: Workers;

beforeEach(() => {
  workers = new Workers();
});

function beat(id: string, at: number, part: Partial<Heartbeat> = {}): ReturnType<Workers['beat']> {
  return workers.beat({
    id, namespace: 'app', appName: 'biz', ip: '', comment: '', weight: 100, capacity: 0, group: '', machineCpuUsage: '', machineMemoryUsage: '', processCpuUsage: '', processMemoryRss: '', ...part,
  }, at);
}

const ids = (at: number): string[] => workers.ofApp('app', 'biz', at).live.map(({ id }) => id);

describe('workers', () => {
  test('stand in the order they were first seen in, over a restart too', () => {
    workers.load([aWorker({ id: 'old', firstSeenAt: NOW - 9000, lastSeenAt: NOW - 1 }), aWorker({ id: 'older', firstSeenAt: NOW - 10_000, lastSeenAt: NOW - 1 })]);
    beat('new', NOW);
    beat('old', NOW);
    expect(ids(NOW)).toEqual(['older', 'old', 'new']);
  });

  test('are live until they miss three beats, and at once when they come back', () => {
    beat('a', NOW);
    expect(ids(NOW + 14_999)).toEqual(['a']);
    expect(ids(NOW + 15_000)).toEqual([]);
    expect(workers.countLive(NOW + 15_000)).toBe(0);
    beat('a', NOW + 20_000);
    expect(ids(NOW + 20_000)).toEqual(['a']);
  });

  test('are noticed when they come, change or return, not at each beat', () => {
    expect(beat('a', NOW)).toMatchObject({ id: 'a', firstSeenAt: NOW });
    expect(beat('a', NOW + 5000)).toBeUndefined();
    expect(beat('a', NOW + 10_000, { weight: 1 })).toMatchObject({ weight: 1 });
    expect(beat('a', NOW + 40_000, { weight: 1 })).toMatchObject({ lastSeenAt: NOW + 40_000, firstSeenAt: NOW });
  });

  test('that fall silent are told once, and forgotten after a day', () => {
    beat('a', NOW);
    expect(workers.sweep(NOW + 14_999)).toEqual([]);
    expect(workers.sweep(NOW + 15_000)).toMatchObject([{ id: 'a' }]);
    expect(workers.sweep(NOW + 16_000)).toEqual([]);
    expect(beat('a', NOW + 17_000)).toMatchObject({ id: 'a' });
    expect(workers.sweep(NOW + 33_000)).toHaveLength(1);
    workers.sweep(NOW + 26 * 3_600_000);
    expect(workers.size).toBe(0);
    expect(workers.get('app.biz.a')).toBeUndefined();
  });

  test('that fall silent are told of after three beats, also when the clock was set back', () => {
    beat('a', NOW);
    beat('b', NOW);
    expect(ids(NOW)).toEqual(['a', 'b']);
    const back = NOW - 3_600_000;
    expect(workers.sweep(back)).toEqual([]);
    beat('b', back + 10_000);
    expect(workers.sweep(back + 15_000)).toMatchObject([{ id: 'a' }]);
    expect(ids(back + 15_000)).toEqual(['b']);
  });

  test('count for weight and groups as they say now', () => {
    beat('a', NOW, { weight: 0, group: 'x' });
    beat('b', NOW, { weight: 5 });
    expect(workers.ofApp('app', 'biz', NOW)).toMatchObject({ weighted: [{ id: 'b' }], groups: ['x'] });
    beat('a', NOW + 1, { weight: 7, group: 'y' });
    expect(workers.ofApp('app', 'biz', NOW + 1)).toMatchObject({ weighted: [{ id: 'a' }, { id: 'b' }], groups: ['y'] });
    expect(workers.ofApp('app', 'other', NOW).live).toEqual([]);
  });

  test('whose beats come late do not seem younger than they are', () => {
    beat('a', NOW);
    beat('a', NOW - 5000);
    expect(workers.get('app.biz.a')?.lastSeenAt).toBe(NOW);
  });

  test('are bounded: a flood of names is refused, those known go on', () => {
    for (let index = 0; index < 20_000; index++) beat(`w${index}`, NOW);
    expect(beat('one more', NOW)).toBe('too-many');
    expect(beat('w1', NOW + 1, { weight: 3 })).toMatchObject({ weight: 3 });
    expect(workers.size).toBe(20_000);
  });
});
