import { expect, it } from 'vitest';
import { CONTROL_BUCKET, DEFINITIONS_BUCKET, STREAM } from '../../src-core/wire/index.ts';
import { patiently } from '../support/patiently.ts';
import type { BusStage } from './bus-stage.ts';
import { comingBack, ids, message, OBJECTS, publishAll, tick, until } from './bus-stage.ts';

/** Connections, and streams that go. */
export function testBreaks(stage: BusStage): void {
  it('is connected and has nothing to remark on objects it made itself', async () => {
    expect(stage.bus.state).toBe('connected');
    expect(await stage.bus.ensureObjects(OBJECTS)).toEqual([]);
    expect(await stage.bus.roundTripMs()).toBeGreaterThanOrEqual(0);
    expect(await stage.bus.streamInfo(STREAM)).toMatchObject({ lastSequence: 0, messages: 0 });
    expect(await stage.bus.streamInfo('no-such-stream')).toBeUndefined();
  });

  it('tells each change of the connection, and refuses calls while it is gone', async () => {
    const told: string[] = [];
    stage.bus.onState((state) => told.push(state));
    await stage.world.breakConnections();
    await until(() => told.includes('disconnected'));
    await until(() => stage.bus.state === 'connected');
    expect(told).toEqual(['disconnected', 'connected']);
    await stage.bus.close();
    expect(stage.bus.state).toBe('closed');
    await expect(stage.bus.bucket(CONTROL_BUCKET).get('key')).rejects.toMatchObject({ name: 'UnavailableError' });
    await expect(stage.bus.streamInfo(STREAM)).rejects.toMatchObject({ name: 'UnavailableError' });
  });

  it('settles everything with 0 when the stage.bus is closed', async () => {
    const settled: number[] = [];
    const log = stage.bus.openLog({ term: 1, maySend: () => false });
    log.publish(message('a', { onSettled: (sequence) => settled.push(sequence) }));
    await stage.bus.close();
    expect(settled).toEqual([0]);
  });

  it('loses nothing and shows nothing twice when connections break in the middle of publishing', async () => {
    const seen = new Map<string, number>();
    await stage.world.listen((_subject, id) => seen.set(id, (seen.get(id) ?? 0) + 1));
    const got: string[] = [];
    const feed = stage.bus.openFeed({ stream: STREAM, from: 1, maxPayloadBytes: 100, onMessage: (each) => got.push(each.header('Nats-Msg-Id')), onLost: () => {} });
    const log = stage.bus.openLog({ term: 1, maySend: () => true });
    const all = ids(3_000);
    let settled = 0;
    const sequences: number[] = [];
    for (const [index, id] of all.entries()) {
      log.publish(message(id, { onSettled: (sequence) => { settled++; sequences[index] = sequence; } }));
      if (index === 1_000 || index === 2_000) {
        await tick(1);
        await stage.world.breakConnections();
      }
    }
    await until(() => settled === all.length);
    await feed.caughtUp();
    expect(got).toEqual(all);
    expect(sequences).toEqual(all.map((_, index) => index + 1));
    expect([...seen.values()].filter((count) => count > 1)).toEqual([]);
    await feed.stop();
  });

  it('shows nothing to anyone while there is no stream to store it in', async () => {
    const isBack = comingBack(stage.bus);
    await stage.world.wipe();
    await isBack;
    const seen: string[] = [];
    await stage.world.listen((_subject, id) => seen.push(id));
    const log = stage.bus.openLog({ term: 1, maySend: () => true });
    const settled = new Promise<number>((resolve) => log.publish(message('early', { onSettled: resolve })));
    await tick(100);
    expect(seen).toEqual([]);
    await patiently(() => stage.bus.ensureObjects(OBJECTS));
    expect(await settled).toBe(1);
    // Who listens has a connection of its own: the acknowledgement may be here first.
    await until(() => seen.length > 0);
    expect(seen).toEqual(['early']);
  });

  it('ends a feed when the stream was made anew, and watches the new bucket', async () => {
    await publishAll(stage.bus, ids(5));
    await stage.bus.bucket(DEFINITIONS_BUCKET).compareAndSet('gone', 'x', 0);
    const told: [string, string | undefined][] = [];
    await stage.bus.watch(DEFINITIONS_BUCKET, (key, text) => told.push([key, text]));
    const lost: string[] = [];
    // It knows the stream it reads once something of it came.
    await stage.bus.openFeed({ stream: STREAM, from: 1, maxPayloadBytes: 100, onMessage: () => {}, onLost: (reason) => lost.push(reason) }).caughtUp();
    const isBack = comingBack(stage.bus);
    await stage.world.wipe();
    await isBack;
    await patiently(() => stage.bus.ensureObjects(OBJECTS));
    await until(() => lost.length > 0);
    expect(lost[0]).not.toBe('');
    await until(() => told.some(([key, text]) => key === 'gone' && text === undefined));
    await stage.bus.bucket(DEFINITIONS_BUCKET).compareAndSet('fresh', 'y', 0);
    await until(() => told.some(([key, text]) => key === 'fresh' && text === 'y'));
  });
}
