import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus, FeedMessage, LogMessage, StoredMessage } from '../../src-core/ports/bus.ts';
import { CONTROL_BUCKET, DEFINITIONS_BUCKET, DEFINITIONS_STREAM, RESULTS_BUCKET, RESULTS_PREFIX, RESULTS_STREAM, STREAM } from '../../src-core/wire/index.ts';

/** A server with buses on it, as the suite needs it. Made for each test, closed after it. */
export interface BusWorld {
  connect(): Promise<Bus>;
  /** Lets the connection of every bus break, and come back. Resolves once it is broken. */
  breakConnections(): Promise<void>;
  /** Empties the server: no stream, no bucket; the connections break and come back. */
  wipe(): Promise<void>;
  /** A plain core subscriber of the runs stream's subjects. */
  listen(onPublish: (subject: string, id: string) => void): Promise<void>;
  close(): Promise<void>;
}

const OBJECTS = { replicas: 1, maxBytes: 256 * 1024 * 1024 };
/** The server tells its consumers of a message a moment after it has acknowledged it: with so many, that moment is met. */
const WRITES = 1_500;

/** What every Bus does, whatever carries it. */
export function describeBus(name: string, open: () => Promise<BusWorld>): void {
  describe(`bus conformance: ${name}`, () => {
    let world: BusWorld;
    let bus: Bus;

    beforeEach(async () => {
      world = await open();
      bus = await world.connect();
      await bus.ensureObjects(OBJECTS);
    });
    afterEach(async () => {
      await world.close();
    });

    const message = (id: string, more: Partial<LogMessage> = {}): LogMessage => ({
      subject: 'natsjob.job.start.ns.app.job', text: `text of ${id}`, id, runHeader: '', giveUpAt: Date.now() + 60_000, onSettled: () => {}, ...more,
    });
    const publishAll = (target: Bus, ids: readonly string[], more: Partial<LogMessage> = {}): Promise<number[]> => {
      const log = target.openLog({ term: 7, maySend: () => true });
      return Promise.all(ids.map((id) => new Promise<number>((resolve) => log.publish(message(id, { ...more, onSettled: resolve })))));
    };
    const readAll = async (from = 1, stream = STREAM): Promise<FeedMessage[]> => {
      const got: FeedMessage[] = [];
      const feed = bus.openFeed({ stream, from, maxPayloadBytes: 1_000, onMessage: (each) => got.push(each), onLost: () => {} });
      await feed.caughtUp();
      await feed.stop();
      return got;
    };
    const ids = (count: number, prefix = 'm'): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

    it('is connected and has nothing to remark on objects it made itself', async () => {
      expect(bus.state).toBe('connected');
      expect(await bus.ensureObjects(OBJECTS)).toEqual([]);
      expect(await bus.roundTripMs()).toBeGreaterThanOrEqual(0);
      expect(await bus.streamInfo(STREAM)).toMatchObject({ lastSequence: 0, messages: 0 });
      expect(await bus.streamInfo('no-such-stream')).toBeUndefined();
    });

    it('stores messages in the order of publishing and settles each with its sequence', async () => {
      expect(await publishAll(bus, ids(500))).toEqual(ids(500).map((_, index) => index + 1));
      const stored = await readAll();
      expect(stored.map((each) => each.text)).toEqual(ids(500).map((id) => `text of ${id}`));
    });

    it('gives subject, time, text and headers of a message', async () => {
      const before = Date.now();
      await publishAll(bus, ['one'], { runHeader: '1,s,2' });
      const [got] = await readAll();
      expect(got).toMatchObject({ sequence: 1, subject: 'natsjob.job.start.ns.app.job', text: 'text of one', tooLong: false });
      expect(Math.abs((got?.storedAt ?? 0) - before)).toBeLessThan(5_000);
      expect(['Nats-Msg-Id', 'Natsjob-Term', 'Natsjob-Run', 'Absent'].map((header) => got?.header(header))).toEqual(['one', '7', '1,s,2', '']);
      const read = await bus.readMessage(STREAM, 1);
      expect(read).toMatchObject({ sequence: 1, text: 'text of one' });
      expect(read?.header('Natsjob-Run')).toBe('1,s,2');
      expect(await bus.readMessage(STREAM, 2)).toBeUndefined();
    });

    it('reads what is stored by subject and time, as far as it is wanted', async () => {
      await publishAll(bus, ids(6));
      await publishAll(bus, ['other'], { subject: 'natsjob.job.start.ns.app.other', runHeader: '1,s,2' });
      await publishAll(bus, ['target'], { subject: 'natsjob.job.client-start.ns.app.job.w1' });
      const read = async (subjects: string[], more: { storedFrom?: number } = {}, most = 100): Promise<StoredMessage[]> => {
        const got: StoredMessage[] = [];
        await bus.read({ stream: STREAM, subjects, limitMs: 5_000, ...more, onMessage: (each) => got.push(each) < most });
        return got;
      };
      expect((await read(['natsjob.job.*.ns.app.job', 'natsjob.job.*.ns.app.job.*'])).map(({ text }) => text)).toEqual([...ids(6), 'target'].map((id) => `text of ${id}`));
      const [other] = await read(['natsjob.job.start.ns.app.other']);
      expect(other).toMatchObject({ sequence: 7, subject: 'natsjob.job.start.ns.app.other', headers: { 'Nats-Msg-Id': 'other', 'Natsjob-Term': '7', 'Natsjob-Run': '1,s,2' } });
      expect(other?.header('Nats-Msg-Id')).toBe('other');
      expect(await read(['natsjob.job.start.ns.app.job'], {}, 2)).toHaveLength(2);
      expect(await read(['natsjob.>'], { storedFrom: other!.storedAt + 60_000 })).toEqual([]);
      expect(await read(['natsjob.>'], { storedFrom: other!.storedAt - 60_000 })).toHaveLength(8);
      expect(await read(['natsjob.job.stop.>'])).toEqual([]);
      await bus.read({ stream: 'no-such-stream', subjects: ['a'], limitMs: 5_000, onMessage: () => true });
    });

    it('leaves the run header out when it is empty', async () => {
      await publishAll(bus, ['one']);
      expect((await readAll())[0]?.header('Natsjob-Run')).toBe('');
    });

    it('keeps texts of any script whole', async () => {
      const text = 'ä 任务 🎈 "\\ end';
      await publishAll(bus, ['one'], { text });
      expect((await readAll())[0]?.text).toBe(text);
    });

    it('does not decode a payload above the feed\'s limit', async () => {
      await publishAll(bus, ['one'], { text: 'x'.repeat(1_001) });
      expect((await readAll())[0]).toMatchObject({ text: '', tooLong: true });
    });

    it('stores a message id once, and settles the second with the sequence of the first', async () => {
      expect(await publishAll(bus, ['one', 'two', 'one'])).toEqual([1, 2, 1]);
      expect(await readAll()).toHaveLength(2);
    });

    it('publishes to the results bucket too, without touching lastSequence of the runs stream', async () => {
      const log = bus.openLog({ term: 1, maySend: () => true });
      const settled = (id: string, more: Partial<LogMessage>): Promise<number> => new Promise((resolve) => log.publish(message(id, { ...more, onSettled: resolve })));
      expect(await settled('a', {})).toBe(1);
      expect(await settled('b', { subject: `${RESULTS_PREFIX}natsjob.job.end.a.b.c.1`, text: '{"status":"expired"}' })).toBe(1);
      expect(await settled('c', { subject: `${RESULTS_PREFIX}natsjob.job.end.a.b.c.2` })).toBe(2);
      expect(log.lastSequence).toBe(1);
      expect((await bus.bucket(RESULTS_BUCKET).get('natsjob.job.end.a.b.c.1'))?.text).toBe('{"status":"expired"}');
      expect((await readAll(1, RESULTS_STREAM)).map((each) => each.header('Natsjob-Term'))).toEqual(['1', '1']);
    });

    it('sends nothing while it may not, and goes on when it may again', async () => {
      let may = false;
      const log = bus.openLog({ term: 1, maySend: () => may });
      const settled = new Promise<number>((resolve) => log.publish(message('held', { onSettled: resolve })));
      await tick(60);
      expect(log.unsettled).toBe(1);
      expect((await bus.streamInfo(STREAM))?.messages).toBe(0);
      may = true;
      expect(await settled).toBe(1);
      expect(log.unsettled).toBe(0);
    });

    it('settles with 0 what is held back longer than it makes sense', async () => {
      const log = bus.openLog({ term: 1, maySend: () => false });
      expect(await new Promise<number>((resolve) => log.publish(message('late', { giveUpAt: Date.now() + 50, onSettled: resolve })))).toBe(0);
    });

    it('gives up what was not sent when the publisher is stopped, and what is published after', async () => {
      const log = bus.openLog({ term: 1, maySend: () => false });
      const settled: number[] = [];
      log.publish(message('a', { onSettled: (sequence) => settled.push(sequence) }));
      await log.stop(1_000);
      log.publish(message('b', { onSettled: (sequence) => settled.push(sequence) }));
      expect(settled).toEqual([0, 0]);
      expect(log.unsettled).toBe(0);
    });

    it('follows a stream live, from any sequence on', async () => {
      await publishAll(bus, ids(10));
      const got: number[] = [];
      const feed = bus.openFeed({ stream: STREAM, from: 6, maxPayloadBytes: 100, onMessage: (each) => got.push(each.sequence), onLost: () => {} });
      expect(feed.position).toBe(5);
      await feed.caughtUp();
      await publishAll(bus, ids(5, 'n'));
      await feed.caughtUp();
      expect(got).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
      expect(feed.position).toBe(15);
      await feed.stop();
    });

    it('is caught up with what was stored before, however shortly', async () => {
      let given = 0;
      const feed = bus.openFeed({ stream: DEFINITIONS_STREAM, from: 1, maxPayloadBytes: 100, onMessage: (each) => void (given = each.sequence), onLost: () => {} });
      const bucket = bus.bucket(DEFINITIONS_BUCKET);
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
      await publishAll(bus, ids(10));
      await bus.purge(STREAM, 4);
      expect(await bus.streamInfo(STREAM)).toMatchObject({ firstSequence: 5, lastSequence: 10, messages: 6 });
      expect((await readAll()).map((each) => each.sequence)).toEqual([5, 6, 7, 8, 9, 10]);
    });

    it('is caught up at once when everything was purged', async () => {
      await publishAll(bus, ids(10));
      await bus.purge(STREAM, 10);
      expect(await readAll()).toEqual([]);
    });

    it('gives nothing while paused, and the rest in order afterwards', async () => {
      await publishAll(bus, ids(300));
      const got: number[] = [];
      const feed = bus.openFeed({
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
      await publishAll(bus, ids(3, 'more'));
      await feed.caughtUp();
      expect(got).toEqual(Array.from({ length: 303 }, (_, index) => index + 1));
      await feed.stop();
    });

    it('tells a feed whose stream does not exist', async () => {
      const reason = await new Promise<string>((resolve) => {
        bus.openFeed({ stream: 'no-such-stream', from: 1, maxPayloadBytes: 1, onMessage: () => {}, onLost: resolve });
      });
      expect(reason).not.toBe('');
    });

    it('gives nothing after stop, and rejects who waits for it', async () => {
      await publishAll(bus, ids(10));
      const got: number[] = [];
      const feed = bus.openFeed({ stream: STREAM, from: 1, maxPayloadBytes: 100, onMessage: (each) => got.push(each.sequence), onLost: () => {} });
      const waiting = feed.caughtUp().catch((error: Error) => error.name);
      await feed.stop();
      expect(await waiting).toBe('UnavailableError');
      await tick(20);
      expect(got).toEqual([]);
    });

    it('writes a key only over the revision it was read at', async () => {
      const bucket = bus.bucket(CONTROL_BUCKET);
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
      const bucket = bus.bucket(CONTROL_BUCKET);
      const revision = (await bucket.compareAndSet('key', 'one', 0)) ?? 0;
      expect(await bucket.compareAndDelete('key', revision + 1)).toBe(false);
      expect(await bucket.compareAndDelete('key', revision)).toBe(true);
      expect(await bucket.get('key')).toBeUndefined();
      expect(await bucket.compareAndSet('key', 'again', 0)).toBeGreaterThan(revision);
      expect((await bucket.get('key'))?.text).toBe('again');
    });

    it('lets one of many writers win', async () => {
      const bucket = bus.bucket(CONTROL_BUCKET);
      const won = (await Promise.all(ids(20).map((id) => bucket.compareAndSet('key', id, 0)))).filter((revision) => revision !== undefined);
      expect(won).toHaveLength(1);
    });

    it('watches the newest values first, then changes, deletions as undefined', async () => {
      const bucket = bus.bucket(DEFINITIONS_BUCKET);
      const revision = (await bucket.compareAndSet('a.b', 'old', 0)) ?? 0;
      const newer = (await bucket.compareAndSet('a.b', 'new', revision)) ?? 0;
      await bucket.compareAndSet('c', 'see', 0);
      const told: [string, string | undefined][] = [];
      const watch = await bus.watch(DEFINITIONS_BUCKET, (key, text) => told.push([key, text]));
      expect(told).toEqual([['a.b', 'new'], ['c', 'see']]);
      await bucket.compareAndDelete('a.b', newer);
      await bucket.compareAndSet('d', 'late', 0);
      await until(() => told.length === 4);
      expect(told.slice(2)).toEqual([['a.b', undefined], ['d', 'late']]);
      await watch.stop();
    });

    it('watches an empty bucket', async () => {
      const watch = await bus.watch(DEFINITIONS_BUCKET, () => {});
      await watch.stop();
    });

    it('tells each change of the connection, and refuses calls while it is gone', async () => {
      const told: string[] = [];
      bus.onState((state) => told.push(state));
      await world.breakConnections();
      await until(() => told.includes('disconnected'));
      await until(() => bus.state === 'connected');
      expect(told).toEqual(['disconnected', 'connected']);
      await bus.close();
      expect(bus.state).toBe('closed');
      await expect(bus.bucket(CONTROL_BUCKET).get('key')).rejects.toMatchObject({ name: 'UnavailableError' });
      await expect(bus.streamInfo(STREAM)).rejects.toMatchObject({ name: 'UnavailableError' });
    });

    it('settles everything with 0 when the bus is closed', async () => {
      const settled: number[] = [];
      const log = bus.openLog({ term: 1, maySend: () => false });
      log.publish(message('a', { onSettled: (sequence) => settled.push(sequence) }));
      await bus.close();
      expect(settled).toEqual([0]);
    });

    it('loses nothing and shows nothing twice when connections break in the middle of publishing', async () => {
      const seen = new Map<string, number>();
      await world.listen((_subject, id) => seen.set(id, (seen.get(id) ?? 0) + 1));
      const got: string[] = [];
      const feed = bus.openFeed({ stream: STREAM, from: 1, maxPayloadBytes: 100, onMessage: (each) => got.push(each.header('Nats-Msg-Id')), onLost: () => {} });
      const log = bus.openLog({ term: 1, maySend: () => true });
      const all = ids(3_000);
      let settled = 0;
      const sequences: number[] = [];
      for (const [index, id] of all.entries()) {
        log.publish(message(id, { onSettled: (sequence) => { settled++; sequences[index] = sequence; } }));
        if (index === 1_000 || index === 2_000) {
          await tick(1);
          await world.breakConnections();
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
      await world.wipe();
      await until(() => bus.state === 'connected');
      const seen: string[] = [];
      await world.listen((_subject, id) => seen.push(id));
      const log = bus.openLog({ term: 1, maySend: () => true });
      const settled = new Promise<number>((resolve) => log.publish(message('early', { onSettled: resolve })));
      await tick(100);
      expect(seen).toEqual([]);
      await bus.ensureObjects(OBJECTS);
      expect(await settled).toBe(1);
      expect(seen).toEqual(['early']);
    });

    it('ends a feed when the stream was made anew, and watches the new bucket', async () => {
      await publishAll(bus, ids(5));
      await bus.bucket(DEFINITIONS_BUCKET).compareAndSet('gone', 'x', 0);
      const told: [string, string | undefined][] = [];
      await bus.watch(DEFINITIONS_BUCKET, (key, text) => told.push([key, text]));
      const lost = new Promise<string>((resolve) => {
        bus.openFeed({ stream: STREAM, from: 1, maxPayloadBytes: 100, onMessage: () => {}, onLost: resolve });
      });
      await tick(50);
      await world.wipe();
      await until(() => bus.state === 'connected');
      await bus.ensureObjects(OBJECTS);
      expect(await lost).not.toBe('');
      await until(() => told.some(([key, text]) => key === 'gone' && text === undefined));
      await bus.bucket(DEFINITIONS_BUCKET).compareAndSet('fresh', 'y', 0);
      await until(() => told.some(([key, text]) => key === 'fresh' && text === 'y'));
    });
  });
}

/** Waits for a condition; the test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await tick(2);
}

export function tick(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
