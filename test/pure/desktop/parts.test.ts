import type { AppUpdater } from 'electron-updater';
import { EventEmitter } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CHANNELS } from '../../../src-main/desktop/model/bridge.ts';
import { runTracker, type TrackedRun } from '../../../src-main/desktop/scheduler/run-tracker.ts';
import { openRunMark, openSettingsFile, shellLog } from '../../../src-main/desktop/shell/desktop-files.ts';
import { IDLE } from '../../support/electron/fake-utility.ts';
import { startFakeWorld } from '../../support/electron/fake-world.ts';
import { choose, labelsOf } from '../../support/electron/stand-in-parts.ts';

describe('files of the shell', () => {
  let folder = '';
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-files-'));
    lines.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('settings are for their owner only, and keep what they do not know', () => {
    const file = path.join(folder, 'new', 'desktop.json');
    mkdirSync(path.dirname(file));
    writeFileSync(`${file}.new`, 'left by a killed one', { mode: 0o644 });
    openSettingsFile(file, log).change({ notices: false });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), later: 1 }));
    openSettingsFile(file, log).change({ keepAwake: true });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ notices: false, keepAwake: true, later: 1 });
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  test('a broken file of settings is set aside and said', () => {
    const file = path.join(folder, 'desktop.json');
    writeFileSync(file, '{"notices":');
    expect(openSettingsFile(file, log).settings.notices).toBe(true);
    expect(readFileSync(`${file}.broken`, 'utf8')).toBe('{"notices":');
    expect(lines).toEqual([expect.stringContaining('desktop.json.broken')]);
  });

  test('settings that cannot be written hold until the end, and that is said', () => {
    writeFileSync(path.join(folder, 'file'), '');
    const settings = openSettingsFile(path.join(folder, 'file', 'desktop.json'), log);
    settings.change({ notices: false });
    expect(settings.settings.notices).toBe(false);
    expect(lines).toHaveLength(1);
  });

  test('the mark of a start is there until it ends in order', () => {
    const file = path.join(folder, 'running.json');
    openRunMark(file, log).keep({ lastSeenAt: 5, running: 2 });
    const next = openRunMark(file, log);
    expect(next.before).toEqual({ lastSeenAt: 5, running: 2 });
    next.clear();
    expect(openRunMark(file, log).before).toBeUndefined();
  });

  test('the log keeps one old file of a megabyte', () => {
    const file = path.join(folder, 'logs', 'desktop.log');
    const write = shellLog(file, () => 0);
    write('one');
    expect(readFileSync(file, 'utf8')).toBe('1970-01-01T00:00:00.000Z one\n');
    writeFileSync(file, 'x'.repeat(1024 * 1024 + 1));
    write('two');
    expect(readFileSync(file, 'utf8')).toBe('1970-01-01T00:00:00.000Z two\n');
    expect(statSync(`${file}.1`).size).toBe(1024 * 1024 + 1);
  });
});

describe('failures and recoveries', () => {
  const run = (changes: Partial<TrackedRun>): TrackedRun => ({ id: '1', namespace: 'n', app: 'a', job: 'backup', state: 'failed', reason: 'why', retryPending: false, retryId: '', ...changes });

  test('a failure with an attempt to come is none yet; the first completed run after one is a recovery', () => {
    const tracker = runTracker();
    expect(tracker.look(run({ retryPending: true }))).toBeUndefined();
    expect(tracker.look(run({ retryId: '2' }))).toBeUndefined();
    expect(tracker.look(run({ state: 'completed' }))).toBeUndefined();
    expect(tracker.look(run({ state: 'expired' }))).toEqual({ kind: 'failure', runId: '1', job: 'backup', reason: 'why', expired: true });
    expect(tracker.look(run({ state: 'completed', app: 'other' }))).toBeUndefined();
    expect(tracker.look(run({ state: 'completed', id: '3' }))).toEqual({ kind: 'recovered', runId: '3', job: 'backup' });
    expect(tracker.look(run({ state: 'completed', id: '4' }))).toBeUndefined();
  });

  test('what failed before is known; open and cancelled runs say nothing', () => {
    const tracker = runTracker();
    tracker.failing('n.a.backup');
    for (const state of ['active', 'waiting', 'delayed', 'cancelled']) expect(tracker.look(run({ state }))).toBeUndefined();
    expect(tracker.look(run({ state: 'completed' }))).toMatchObject({ kind: 'recovered' });
  });
});

describe('the one-time token', () => {
  test('is not waited for longer than five seconds, nor beyond the end of the scheduler', async () => {
    await using world = await startFakeWorld();
    await world.ready();
    const frame = world.window().webContents.mainFrame;
    const slow = world.invoke(CHANNELS.oneTimeToken, frame);
    await world.settled();
    world.timers.pass(5_000);
    await expect(slow).rejects.toThrow('did not answer');
    const lost = world.invoke(CHANNELS.oneTimeToken, frame);
    await world.settled();
    world.scheduler().end(1);
    await expect(lost).rejects.toThrow('ended');
  });

  test('of two askers each gets its own', async () => {
    await using world = await startFakeWorld();
    await world.ready();
    const frame = world.window().webContents.mainFrame;
    const asked = [world.invoke(CHANNELS.oneTimeToken, frame), world.invoke(CHANNELS.oneTimeToken, frame)];
    await world.settled();
    world.scheduler().say({ type: 'token', request: 2, token: 'second' });
    world.scheduler().say({ type: 'token', request: 1, token: 'first' });
    expect(await Promise.all(asked)).toEqual(['first', 'second']);
  });
});

describe('updates', () => {
  class FakeUpdater extends EventEmitter {
    autoDownload = false;
    autoInstallOnAppQuit = true;
    checks = 0;
    readonly installs: unknown[][] = [];

    async checkForUpdates(): Promise<null> {
      this.checks++;
      return null;
    }

    quitAndInstall(...args: unknown[]): void {
      this.installs.push(args);
    }
  }

  async function updating(fake: FakeUpdater) {
    const world = await startFakeWorld({ isPackaged: true, platform: 'win32', around: { hasFeed: true, loadUpdater: async () => fake as unknown as AppUpdater } });
    await world.ready();
    return world;
  }

  test('are looked for a minute after the start and every six hours, loaded quietly, and not installed by themselves', async () => {
    const fake = new FakeUpdater();
    await using world = await updating(fake);
    expect(fake.checks).toBe(0);
    world.timers.pass(60_000);
    await world.settled();
    expect(fake).toMatchObject({ checks: 1, autoDownload: true, autoInstallOnAppQuit: false });
    world.timers.pass(6 * 3_600_000);
    await world.settled();
    expect(fake.checks).toBe(2);
    choose(world.trays[0]?.menu ?? [], 'Desktop settings', 'Look for updates');
    world.timers.pass(6 * 3_600_000);
    await world.settled();
    expect(fake.checks).toBe(2);
    choose(world.trays[0]?.menu ?? [], 'Check for updates');
    await world.settled();
    expect(fake.checks).toBe(3);
  });

  test.each([[0, [[true, false]]], [2, []]])('with %d runs active at the end: %j', async (running, installs) => {
    const fake = new FakeUpdater();
    await using world = await updating(fake);
    world.timers.pass(60_000);
    await world.settled();
    fake.emit('update-downloaded', { version: '2.0.0' });
    world.scheduler().say({ type: 'state', state: { ...IDLE, running } });
    world.app.quit();
    world.scheduler().end(0);
    await world.settled();
    expect(fake.installs).toEqual(installs);
    world.timers.pass(10_000);
    expect(world.exits).toEqual([0]);
  });

  test('a person may restart into the new version once no run is active', async () => {
    const fake = new FakeUpdater();
    await using world = await updating(fake);
    world.timers.pass(60_000);
    await world.settled();
    fake.emit('update-downloaded', { version: '2.0.0' });
    world.scheduler().say({ type: 'state', state: { ...IDLE, running: 1 } });
    expect(() => choose(world.trays[0]?.menu ?? [], 'Version 2.0.0 waits until no job runs')).toThrow('cannot be chosen');
    world.scheduler().say({ type: 'state', state: IDLE });
    choose(world.trays[0]?.menu ?? [], 'Restart into version 2.0.0');
    world.scheduler().end(0);
    await world.settled();
    expect(fake.installs).toEqual([[true, true]]);
    world.timers.pass(10_000);
  });

  test('a failed look is said and can be repeated', async () => {
    const fake = new FakeUpdater();
    await using world = await updating(fake);
    fake.checkForUpdates = async () => { throw new Error('no feed'); };
    world.timers.pass(60_000);
    await world.settled();
    expect(labelsOf(world.trays[0]?.menu ?? [])).toContain('Check for updates (Looking for updates failed)');
    expect(readFileSync(path.join(world.folder, 'logs', 'desktop.log'), 'utf8')).toContain('no feed');
  });
});

test('on Windows what the scheduler keeps does not roam with its person', async () => {
  await using world = await startFakeWorld({ platform: 'win32', around: { environment: { LOCALAPPDATA: '/local' } } });
  expect(world.scheduler().sent[0]).toMatchObject({ start: { dataDir: '/local/natsjob/data', confDir: '/local/natsjob/conf', logDir: '/local/natsjob/logs' } });
  expect(world.recorder.of('app.setAppLogsPath')).toEqual([['/local/natsjob/logs']]);
});
