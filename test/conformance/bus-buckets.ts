import { expect, it } from 'vitest';
import { CONTROL_BUCKET, DEFINITIONS_BUCKET } from '../../src-core/wire/index.ts';
import type { BusStage } from './bus-stage.ts';
import { ids, until } from './bus-stage.ts';

/** Keys are written by compare-and-set, and watched. */
export function testBuckets(stage: BusStage): void {
  it('writes a key only over the revision it was read at', async () => {
    const bucket = stage.bus.bucket(CONTROL_BUCKET);
    expect(await bucket.get('key')).toBeUndefined();
    const first = await bucket.compareAndSet('key', 'one', 0);
    expect(first).toBeGreaterThan(0);
    expect(await bucket.compareAndSet('key', 'two', 0)).toBeUndefined();
    expect(await bucket.compareAndSet('key', 'two', (first ?? 0) + 5)).toBeUndefined();
    const second = await bucket.compareAndSet('key', 'two', first ?? 0);
    expect(second).toBeGreaterThan(first ?? 0);
    expect(await bucket.get('key')).toEqual({ key: 'key', text: 'two', revision: second });
  });

  it('deletes a key only at the revision it was read at, and makes it anew afterwards', async () => {
    const bucket = stage.bus.bucket(CONTROL_BUCKET);
    const revision = (await bucket.compareAndSet('key', 'one', 0)) ?? 0;
    expect(await bucket.compareAndDelete('key', revision + 1)).toBe(false);
    expect(await bucket.compareAndDelete('key', revision)).toBe(true);
    expect(await bucket.get('key')).toBeUndefined();
    expect(await bucket.compareAndSet('key', 'again', 0)).toBeGreaterThan(revision);
    expect((await bucket.get('key'))?.text).toBe('again');
  });

  it('lets one of many writers win', async () => {
    const bucket = stage.bus.bucket(CONTROL_BUCKET);
    const won = (await Promise.all(ids(20).map((id) => bucket.compareAndSet('key', id, 0)))).filter((revision) => revision !== undefined);
    expect(won).toHaveLength(1);
  });

  it('watches the newest values first, then changes, deletions as undefined', async () => {
    const bucket = stage.bus.bucket(DEFINITIONS_BUCKET);
    const revision = (await bucket.compareAndSet('a.b', 'old', 0)) ?? 0;
    const newer = (await bucket.compareAndSet('a.b', 'new', revision)) ?? 0;
    await bucket.compareAndSet('c', 'see', 0);
    const told: [string, string | undefined][] = [];
    const watch = await stage.bus.watch(DEFINITIONS_BUCKET, (key, text) => told.push([key, text]));
    expect(told).toEqual([['a.b', 'new'], ['c', 'see']]);
    await bucket.compareAndDelete('a.b', newer);
    await bucket.compareAndSet('d', 'late', 0);
    await until(() => told.length === 4);
    expect(told.slice(2)).toEqual([['a.b', undefined], ['d', 'late']]);
    await watch.stop();
  });

  it('watches an empty bucket', async () => {
    const watch = await stage.bus.watch(DEFINITIONS_BUCKET, () => {});
    await watch.stop();
  });
}
