import { beforeEach, describe, expect, test } from 'vitest';
import type { Scheduler } from '../../../src-core/index.ts';
import { InvalidInputError } from '../../../src-core/domain/errors.ts';
import type { LiveChange, Store } from '../../../src-core/ports/index.ts';
import { createMemoryStore } from '../../../src-core/sql/index.ts';
import { CONTROL_BUCKET, PAUSE_KEY } from '../../../src-core/wire/index.ts';
import { MemoryNats } from '../../support/memory-nats.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { VirtualNode } from '../../support/virtual-node.ts';
import { openNode } from '../../support/virtual-node.ts';

let clock: VirtualClock;
let nats: MemoryNats;
let store: Store;
let node: VirtualNode;
/** Seconds since the test began at which runs of a job were sent. */
let sent: Map<string, number[]>;
let began: number;

beforeEach(async () => {
  clock = new VirtualClock();
  nats = new MemoryNats(clock);
  store = createMemoryStore();
  sent = new Map();
  nats.listen((subject, text) => {
    if (!subject.startsWith('natsjob.job.start.')) return;
    const { jobName } = JSON.parse(text) as { jobName: string };
    sent.set(jobName, [...(sent.get(jobName) ?? []), Math.round((clock.now() - began) / 1000)]);
  });
  node = await started();
  await clock.until(api().apps.create('app', { name: 'biz' }));
  await define('plain');
  await define('queued', { overlap: 'queue', maxRunning: 1000, queueLimit: 5 });
  await clock.advance(10_000 - (clock.now() % 10_000));
  began = clock.now();
  sent.clear();
});

async function started(nodeId = 'node-1', view = store): Promise<VirtualNode> {
  const opened = openNode({ clock, nats, store: view, config: { nodeId } });
  await clock.until(opened.scheduler.start());
  await clock.advance(500);
  return opened;
}

const api = (): Scheduler['api'] => node.scheduler.api;
const define = (name: string, part: object = {}): Promise<unknown> => clock.until(api().jobs.create({
  namespace: 'app', app: 'biz', name, schedule: { expression: '*/10 * * * * *' }, maxRunning: 1000, misfire: { policy: 'all', windowMs: 3_600_000, max: 100 }, ...part,
}));
const pause = (until?: number): Promise<unknown> => clock.until(api().pauseScheduling(until));
const inSeconds = (seconds: number): number => began + seconds * 1000;
const to = (seconds: number): Promise<void> => clock.advance(inSeconds(seconds) - clock.now());
const skippedAsPaused = async (job: string): Promise<number> => {
  await clock.advance(4000);
  const { items } = await clock.until(api().jobs.skips(`app.biz.${job}`, { reasons: ['paused'] }, { limit: 50 }));
  return items.reduce((sum, { count }) => sum + count, 0);
};

describe('a pause of the whole scheduler', () => {
  test('skips fires, holds those that queue, and ends when somebody resumes', async () => {
    await to(5);
    await pause();
    await to(35);
    expect(sent.get('plain')).toBeUndefined();
    await clock.until(api().resumeScheduling());
    await to(55);
    expect(sent.get('plain')).toEqual([40, 50]);
    expect(sent.get('queued')?.slice(-2)).toEqual([40, 50]);
    expect(sent.get('queued')).toHaveLength(3 + 2);
    expect([await skippedAsPaused('plain'), await skippedAsPaused('queued')]).toEqual([3, 0]);
  });

  test('ends by itself at its moment, and tells so', async () => {
    const told: LiveChange[] = [];
    api().onChange((change) => change.type === 'pause' && told.push(change));
    await to(5);
    await pause(inSeconds(25));
    expect(await clock.until(api().pause())).toEqual({ since: inSeconds(5), until: inSeconds(25) });
    await to(24);
    expect((await clock.until(api().overview({}))).pause).toEqual({ since: inSeconds(5), until: inSeconds(25) });
    await to(45);
    expect((await clock.until(api().overview({}))).pause).toBeNull();
    expect(sent.get('plain')).toEqual([30, 40]);
    expect(told).toEqual([{ type: 'pause', pause: { since: inSeconds(5), until: inSeconds(25) } }, { type: 'pause', pause: undefined }]);
  });

  test('tells of an end that is weeks away when it comes, not before', async () => {
    const told: LiveChange[] = [];
    const end = clock.now() + 40 * 86_400_000;
    await pause(end);
    api().onChange((change) => change.type === 'pause' && told.push(change));
    await clock.advance(30_000);
    expect(told).toEqual([]);
    clock.jump(40 * 86_400_000);
    await clock.advance(3_700_000);
    expect(told).toEqual([{ type: 'pause', pause: undefined }]);
  });

  test('takes a new end while it holds, and keeps its beginning', async () => {
    await to(5);
    await pause(inSeconds(15));
    await to(8);
    await pause();
    await to(30);
    expect(await clock.until(api().pause())).toEqual({ since: inSeconds(5), until: null });
    await pause(inSeconds(32));
    await to(45);
    expect(sent.get('plain')).toEqual([40]);
    await pause();
    expect(await clock.until(api().pause())).toEqual({ since: inSeconds(45), until: null });
  });

  test('outlives a crash, and the fires of the time in between are not made up for', async () => {
    await to(5);
    await pause();
    await to(12);
    await node.crash();
    await to(32);
    node = await started();
    await to(38);
    expect(await clock.until(api().pause())).toEqual({ since: inSeconds(5), until: null });
    await clock.until(api().resumeScheduling());
    await to(45);
    expect(sent.get('plain')).toEqual([40]);
    expect(await skippedAsPaused('plain')).toBe(3);
  });

  test('that has ended while nobody was there takes its fires with it; later ones go by the misfire policy', async () => {
    await to(5);
    await pause(inSeconds(25));
    await to(12);
    await node.crash();
    await to(55);
    node = await started();
    await clock.advance(1000);
    expect(await clock.until(api().pause())).toBeUndefined();
    expect(sent.get('plain')).toHaveLength(3);
    expect(await skippedAsPaused('plain')).toBe(2);
    expect((await clock.until(api().overview({}))).lastGap).toMatchObject({ kind: 'away', caughtUp: 2 * 3, skipped: 1 + 1 });
  });

  test('takes with it what was due in it, though it is decided a moment after its end', async () => {
    await to(5);
    await pause(inSeconds(12));
    await to(8);
    await clock.pause(4500);
    await to(25);
    expect(sent.get('plain')).toEqual([20]);
    expect(await skippedAsPaused('plain')).toBe(1);
  });

  test('is known to the node that takes over', async () => {
    const other = await started('node-2', createMemoryStore());
    expect(other.scheduler.api.health().role).toBe('standby');
    await pause();
    await clock.advance(100);
    expect(await clock.until(other.scheduler.api.pause())).toMatchObject({ until: null });
    await node.crash();
    sent.clear();
    await clock.advance(30_000);
    expect(other.scheduler.api.health().role).toBe('leader');
    expect([...sent]).toEqual([]);
    await clock.until(other.scheduler.api.resumeScheduling());
    await clock.advance(10_000);
    expect(sent.get('plain')).toHaveLength(1);
  });

  test('stops runs by hand as a paused job does, and holds delayed ones', async () => {
    await define('by-hand', { schedule: { expression: '' } });
    await pause();
    await expect(clock.until(api().jobs.run('app.biz.by-hand', {}))).rejects.toMatchObject({ reason: 'paused', message: 'Not run: the whole scheduler is paused until somebody resumes it.' });
    const explained = await clock.until(api().jobs.explain('app.biz.by-hand'));
    expect(explained).toMatchObject({ verdict: 'skip', reason: 'paused' });
    expect(explained.gates.find(({ pass }) => !pass)).toEqual({ gate: 'paused', pass: false, reason: 'paused', detail: 'the whole scheduler is paused until somebody resumes it' });
    const { taskId } = await clock.until(api().jobs.run('app.biz.by-hand', { delayMs: 1000 }));
    await clock.advance(3000);
    expect((await clock.until(api().runs.get(taskId))).state).toBe('waiting');
    expect(sent.get('by-hand')).toBeUndefined();
    await clock.until(api().resumeScheduling());
    await clock.advance(1500);
    expect((await clock.until(api().runs.get(taskId))).state).toBe('active');
  });

  test('is the first thing somebody should look at', async () => {
    expect(await clock.until(api().looking.attention({}))).toEqual([]);
    const now = clock.now();
    await pause(now + 60_000);
    expect(await clock.until(api().looking.attention({ namespace: 'app' }))).toEqual([
      { kind: 'scheduler-paused', jobId: '', namespace: '', app: '', job: '', count: 0, reason: `the whole scheduler is paused until ${new Date(now + 60_000).toISOString()}`, lastAt: now },
    ]);
  });

  test.each([0, -1, 367 * 86_400_000])('does not end %i ms from now', async (ms) => {
    await expect(clock.until(api().pauseScheduling(clock.now() + ms))).rejects.toThrow(InvalidInputError);
    expect(await clock.until(api().pause())).toBeUndefined();
  });

  test('is ended as often as anybody likes', async () => {
    await clock.until(api().resumeScheduling());
    await pause();
    await clock.until(api().resumeScheduling());
    await clock.until(api().resumeScheduling());
    expect(await clock.until(api().pause())).toBeUndefined();
  });

  test('does not come back when the clock is set back after somebody has resumed', async () => {
    await to(5);
    await pause(inSeconds(100));
    await to(20);
    await clock.until(api().resumeScheduling());
    clock.jump(-10_000);
    expect(await clock.until(api().pause())).toBeUndefined();
  });

  test.each(['', 'no', '[]', '{"v":2,"since":1}', '{"v":1}', '{"v":1,"since":1,"until":"x"}', '{"v":1,"since":-1}'])('is not made of what nobody of ours has written: %s', async (text) => {
    nats.put(CONTROL_BUCKET, PAUSE_KEY, text);
    await clock.advance(100);
    expect(await clock.until(api().pause())).toBeUndefined();
    await pause();
    expect(await clock.until(api().pause())).toBeDefined();
  });
});
