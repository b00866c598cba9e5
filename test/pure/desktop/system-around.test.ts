import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { cancellable } from '../../support/electron/events.ts';
import { IDLE } from '../../support/electron/fake-utility.ts';
import { URL_OF_PANEL } from '../../support/electron/fake-world.ts';
import { setStage, trayMenu } from '../../support/electron/stage.ts';
import { choose, labelsOf } from '../../support/electron/stand-in-parts.ts';

// Rows of what a desktop program owes its system, as calls of Electron's API that were made or refused.
const { start, started } = setStage();

describe('the system around it', () => {
  test('opening at login is off, and set where each system looks', async () => {
    const linux = await started();
    const file = path.join(linux.folder, '.config', 'autostart', 'natsjob.desktop');
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
    choose(trayMenu(linux), 'Desktop settings', 'Open at login');
    expect(readFileSync(file, 'utf8')).toContain('--hidden');
    choose(trayMenu(linux), 'Desktop settings', 'Open at login');
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
    const windows = await started({ platform: 'win32' });
    choose(trayMenu(windows), 'Desktop settings', 'Open at login');
    expect(windows.recorder.last('app.setLoginItemSettings')[0]).toMatchObject({ openAtLogin: true, args: ['--hidden'] });
    const mac = await started({ platform: 'darwin' });
    choose(trayMenu(mac), 'Desktop settings', 'Open at login');
    expect(mac.recorder.last('app.setLoginItemSettings')).toEqual([{ openAtLogin: true }]);
  });

  test('a start at login opens no window', async () => {
    for (const options of [{ argv: ['natsjob', '--hidden'] }, { platform: 'darwin', wasOpenedAtLogin: true }] as const) {
      const world = await started(options);
      world.app.emit('second-instance', {}, ['natsjob', '--hidden']);
      expect(world.windows.size).toBe(0);
      world.trays[0]?.emit('double-click');
      expect(world.windows.size).toBe(1);
    }
  });

  test('Windows knows the program by the id of its shortcut', async () => {
    const world = await start({ platform: 'win32' });
    expect(world.recorder.of('app.setAppUserModelId')).toEqual([['io.natsjob.desktop']]);
    expect(world.recorder.of('app.setToastActivatorCLSID')).toEqual([[expect.stringMatching(/^\{[\dA-F-]{36}\}$/)]]);
  });

  test('failures and recoveries are notices in a group, few at a time; a click opens the run', async () => {
    const world = await started();
    const fail = (id: string, job: string): void => world.scheduler().say({ type: 'happened', happening: { kind: 'failure', runId: id, job, reason: 'exit 1', expired: false } });
    for (let i = 1; i <= 10; i++) fail(String(i), `job${i}`);
    expect(world.notifications).toHaveLength(3);
    expect(world.notifications[0]?.options).toMatchObject({ title: 'job1 failed', body: 'exit 1', groupId: 'runs' });
    world.timers.pass(60_000);
    expect(world.notifications[3]?.options).toMatchObject({ title: '7 more runs failed' });
    world.notifications[0]?.emit('click', {});
    expect(world.recorder.last('window.loadURL')).toEqual([`${URL_OF_PANEL}/#/runs/1`]);
    choose(trayMenu(world), 'Failures (10)');
    expect(world.recorder.last('window.loadURL')).toEqual([`${URL_OF_PANEL}/#/runs?state=failed,expired`]);
    expect(labelsOf(trayMenu(world)).some((label) => label.startsWith('Failures'))).toBe(false);
  });

  test('where the system shows none, tray and badge do', async () => {
    const world = await started();
    world.scheduler().say({ type: 'happened', happening: { kind: 'failure', runId: '1', job: 'backup', reason: '', expired: true } });
    expect(world.recorder.last('app.setBadgeCount')).toEqual([0]);
    world.notifications[0]?.emit('failed', {}, 'not signed');
    expect(world.recorder.last('app.setBadgeCount')).toEqual([1]);
    expect(world.trays[0]?.tooltip).toContain('shows no notifications');
  });

  test('after a sleep there is one summary; suspend and resume are passed on', async () => {
    const world = await started();
    world.powerMonitor.emit('suspend');
    world.powerMonitor.emit('resume');
    expect(world.scheduler().sent.slice(1)).toEqual([{ type: 'power', event: 'suspend' }, { type: 'power', event: 'resume' }]);
    world.scheduler().say({ type: 'happened', happening: { kind: 'gap', from: 0, to: (7 * 60 + 12) * 60_000, caughtUp: 3, skipped: 41, asleep: true } });
    expect(world.notifications.map(({ options }) => [options['title'], options['body']])).toEqual([['Slept 7 h 12 min', '3 caught up, 41 skipped']]);
  });

  test('the computer is kept awake while runs are active, and only if that is wanted', async () => {
    const world = await started();
    world.scheduler().say({ type: 'state', state: { ...IDLE, running: 1 } });
    expect(world.recorder.of('powerSaveBlocker.start')).toEqual([]);
    choose(trayMenu(world), 'Desktop settings', 'Keep the computer awake while jobs run');
    expect(world.recorder.of('powerSaveBlocker.start')).toEqual([['prevent-app-suspension']]);
    world.scheduler().say({ type: 'state', state: IDLE });
    expect(world.recorder.of('powerSaveBlocker.stop')).toEqual([[7]]);
  });

  test('quitting asks the scheduler to end, waits 8 s, then kills; windows are refused meanwhile; it ends once', async () => {
    const world = await started();
    world.window().close();
    world.app.quit();
    world.app.quit();
    world.app.emit('activate');
    expect(world.scheduler().orders().filter((order) => order === 'shutdown')).toHaveLength(1);
    expect(world.window().isVisible()).toBe(false);
    world.timers.pass(7_999);
    expect(world.scheduler().isKilled).toBe(false);
    world.timers.pass(1);
    expect(world.scheduler().isKilled).toBe(true);
    world.scheduler().end(143);
    await world.settled();
    expect(world.exits).toEqual([0]);
  });

  test('the end of the session ends it in order: Windows tells the window, the others the power monitor', async () => {
    const windows = await started({ platform: 'win32' });
    windows.window().emit('query-session-end', {});
    windows.window().emit('session-end', {});
    expect(windows.scheduler().orders().filter((order) => order === 'shutdown')).toHaveLength(1);
    const linux = await started();
    const event = cancellable();
    linux.powerMonitor.emit('shutdown', event);
    expect(event.defaultPrevented).toBe(true);
    expect(linux.scheduler().orders()).toContain('shutdown');
    linux.scheduler().end(0);
    await linux.settled();
    expect(linux.exits).toEqual([0]);
  });

  test('a portable copy keeps everything beside itself and leaves nothing in the system', async () => {
    const first = await start({ isFirstInstance: false });
    mkdirSync(path.join(first.folder, 'program'), { recursive: true });
    writeFileSync(path.join(first.folder, 'program', 'portable.flag'), '');
    const world = await start({ folder: first.folder, isPackaged: true });
    const home = path.join(first.folder, 'program', 'natsjob-data');
    expect(world.recorder.of('app.setPath')).toEqual([['userData', home]]);
    expect(world.recorder.isBefore('app.setPath', 'app.requestSingleInstanceLock')).toBe(true);
    expect(world.recorder.of('app.setAsDefaultProtocolClient')).toEqual([]);
    expect(world.scheduler().sent[0]).toMatchObject({ start: { dataDir: path.join(home, 'data'), logDir: path.join(home, 'logs') } });
    expect(labelsOf(trayMenu(world))).toContain('This copy cannot update itself');
  });
});
