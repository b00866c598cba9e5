import { expect, it } from 'vitest';
import { UnavailableError } from '../../src-core/domain/errors.ts';
import { DEFINITIONS_BUCKET, DEFINITIONS_STREAM, STREAM } from '../../src-core/wire/index.ts';
import { patiently } from '../support/patiently.ts';
import type { BusStage } from './bus-stage.ts';
import { comingBack, ids, publishAll, tick, until } from './bus-stage.ts';

/** The server tells its consumers of a message a moment after it has acknowledged it: with so many, that moment is met. */
const WRITES = 1_500;

/** A stream is followed. */
export function testFeeds(stage: BusStage): void {
  it('follows a stream live, from any sequence on', async () => {
    await publishAll(stage.bus, ids(10));
    const got: number[] = [];
    const feed = stage.bus.openFeed({ stream: STREAM, from: 6, maxPayloadBytes: 100, onMessage: (each) => got.push(each.sequence), onLost: () => {} });
    expect(feed.position).toBe(5);
    await feed.caughtUp();
    await publishAll(stage.bus, ids(5, 'n'));
    await feed.caughtUp();
    expect(got).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    expect(feed.position).toBe(15);
    await feed.stop();
  });

  it('is caught up with what was stored before, however shortly', async () => {
    let given = 0;
    const feed = stage.bus.openFeed({ stream: DEFINITIONS_STREAM, from: 1, maxPayloadBytes: 100, onMessage: (each) => void (given = each.sequence), onLost: () => {} });
    const bucket = stage.bus.bucket(DEFINITIONS_BUCKET, { patienceMs: 60_000 });
    const write = async (key: string): Promise<void> => {
      let revision = 0;
      for (let written = 0; written < WRITES; written++) {
        revision = (await bucket.compareAndSet(key, String(written), revision))!;
        await feed.caughtUp();
        expect(given).toBeGreaterThanOrEqual(revision);
      }
    };
    await Promise.all(['a', 'b', 'c', 'd'].map(write));
    await feed.stop();
  });

  it('begins at the oldest message kept when the wanted one is purged', async () => {
    await publishAll(stage.bus, ids(10));
    await patiently(() => stage.bus.purge(STREAM, 4));
    expect(await stage.bus.streamInfo(STREAM)).toMatchObject({ firstSequence: 5, lastSequence: 10, messages: 6 });
    expect((await stage.readAll()).map((each) => each.sequence)).toEqual([5, 6, 7, 8, 9, 10]);
  });

  it('ends a feed that needs all when messages go that it could not read, and not for those that were gone before', async () => {
    await publishAll(stage.bus, ids(10));
    await patiently(() => stage.bus.purge(STREAM, 4));
    const got: number[] = [];
    const breakAndMend = async (): Promise<void> => {
      const isBack = comingBack(stage.bus);
      await stage.world.breakConnections();
      await isBack;
    };
    const follow = (needsAll: boolean) => {
      let lost: string | undefined;
      const feed = stage.bus.openFeed({ stream: STREAM, from: 1, needsAll, maxPayloadBytes: 100, onMessage: (each) => got.push(each.sequence), onLost: (reason) => (lost = reason) });
      return { feed, reason: () => lost };
    };
    const [all, some] = [follow(true), follow(false)];
    await Promise.all([all.feed.caughtUp(), some.feed.caughtUp()]);
    await breakAndMend();
    await publishAll(stage.bus, ['next']);
    await all.feed.caughtUp();
    expect(all.reason()).toBeUndefined();

    for (const { feed } of [all, some]) feed.pause();
    await publishAll(stage.bus, ids(5, 'unseen'));
    await breakAndMend();
    await patiently(() => stage.bus.purge(STREAM, 14));
    for (const { feed } of [all, some]) feed.resume();
    await some.feed.caughtUp();
    await until(() => all.reason() !== undefined);
    expect(all.reason()).toMatch(/begins/);
    expect(some.reason()).toBeUndefined();
    await expect(all.feed.caughtUp()).rejects.toBeInstanceOf(UnavailableError);
    expect(got.filter((sequence) => sequence > 11)).toEqual([15, 16]);
    await some.feed.stop();
  });

  it('is caught up at once when everything was purged', async () => {
    await publishAll(stage.bus, ids(10));
    await patiently(() => stage.bus.purge(STREAM, 10));
    expect(await stage.readAll()).toEqual([]);
  });

  it('gives nothing while paused, and the rest in order afterwards', async () => {
    await publishAll(stage.bus, ids(300));
    const got: number[] = [];
    const feed = stage.bus.openFeed({
      stream: STREAM, from: 1, maxPayloadBytes: 100, onLost: () => {},
      onMessage: (each) => {
        got.push(each.sequence);
        if (each.sequence % 100 === 0) feed.pause();
      },
    });
    for (const expected of [100, 200, 300]) {
      await until(() => got.length === expected);
      await tick(20);
      expect(got).toHaveLength(expected);
      feed.resume();
    }
    await publishAll(stage.bus, ids(3, 'more'));
    await feed.caughtUp();
    expect(got).toEqual(Array.from({ length: 303 }, (_, index) => index + 1));
    await feed.stop();
  });

  it('tells a feed whose stream does not exist', async () => {
    const reason = await new Promise<string>((resolve) => {
      stage.bus.openFeed({ stream: 'no-such-stream', from: 1, maxPayloadBytes: 1, onMessage: () => {}, onLost: resolve });
    });
    expect(reason).not.toBe('');
  });

  it('gives nothing after stop, and rejects who waits for it', async () => {
    await publishAll(stage.bus, ids(10));
    const got: number[] = [];
    const feed = stage.bus.openFeed({ stream: STREAM, from: 1, maxPayloadBytes: 100, onMessage: (each) => got.push(each.sequence), onLost: () => {} });
    const waiting = feed.caughtUp().catch((error: Error) => error.name);
    await feed.stop();
    expect(await waiting).toBe('UnavailableError');
    await tick(20);
    expect(got).toEqual([]);
  });
}
