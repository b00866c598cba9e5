import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { CHANNELS } from '../../../src-main/desktop/model/bridge.ts';
import { IDLE } from '../../support/electron/fake-utility.ts';
import { URL_OF_PANEL, startFakeWorld, type FakeWorld } from '../../support/electron/fake-world.ts';
import type { DesktopWorldOptions } from '../../support/electron/desktop-world.ts';
import { cancellable } from '../../support/electron/events.ts';
import { choose, labelsOf } from '../../support/electron/stand-in-parts.ts';

// Every row of what a desktop program owes its system, as calls of Electron's API that were made or refused.
const worlds: FakeWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world[Symbol.asyncDispose]();
});

async function start(options: DesktopWorldOptions = {}): Promise<FakeWorld> {
  const world = await startFakeWorld(options);
  worlds.push(world);
  return world;
}

async function started(options: DesktopWorldOptions = {}): Promise<FakeWorld> {
  const world = await start(options);
  await world.ready();
  return world;
}

const settingsOf = (world: FakeWorld): Record<string, unknown> => JSON.parse(readFileSync(path.join(world.folder, 'profile', 'desktop.json'), 'utf8')) as Record<string, unknown>;
const trayMenu = (world: FakeWorld) => world.trays[0]?.menu ?? [];

describe('processes', () => {
  test('the scheduler is a utility process of that name, told its folders by message', async () => {
    const world = await start();
    expect(world.recorder.of('utilityProcess.fork')).toEqual([[expect.stringMatching(/scheduler-process\.mjs$/), [], { serviceName: 'scheduler', stdio: ['ignore', 'ignore', 'pipe'] }]]);
    expect(world.scheduler().sent).toEqual([{ type: 'start', start: expect.objectContaining({ dataDir: path.join(world.folder, 'profile', 'data'), logDir: path.join(world.folder, 'logs'), shareOnNetwork: false }) }]);
  });

  test('it is started again after 1, 2, 5, 10 and 30 s, then no more, which tray and window say', async () => {
    const world = await started();
    for (const [times, seconds] of [1, 2, 5, 10, 30].entries()) {
      world.scheduler().end(1);
      world.timers.pass(seconds * 1_000 - 1);
      expect(world.schedulers).toHaveLength(times + 1);
      world.timers.pass(1);
      expect(world.schedulers).toHaveLength(times + 2);
    }
    world.scheduler().end(1);
    world.timers.pass(3_600_000);
    expect(world.schedulers).toHaveLength(6);
    expect(world.trays[0]?.tooltip).toBe('The scheduler ended too often and is not started again');
    await world.settled();
    expect(decodeURIComponent(world.window().webContents.getURL())).toContain('ended too often');
    choose(trayMenu(world), 'Start the scheduler again');
    expect(world.schedulers).toHaveLength(7);
    await world.ready();
    expect(world.window().webContents.getURL()).toBe(`${URL_OF_PANEL}/#/`);
  });

  test('one that never started is given up with its own words', async () => {
    const world = await start();
    for (let times = 0; times < 6; times++) {
      world.scheduler().say({ type: 'refused', message: 'Port 4222 is in use.' });
      world.scheduler().end(70);
      world.timers.pass(30_000);
    }
    expect(world.schedulers).toHaveLength(6);
    expect(world.recorder.of('dialog.showMessageBox').map(([box]) => (box as { detail: string }).detail)).toEqual(['Port 4222 is in use.']);
    world.app.emit('second-instance', {}, ['natsjob']);
    expect(world.recorder.of('dialog.showMessageBox')).toHaveLength(2);
  });

  test('a page that could not be loaded while the scheduler was away is loaded when it is back', async () => {
    const world = await started();
    world.scheduler().end(1);
    world.window().loadFails = true;
    world.app.emit('second-instance', {}, ['natsjob', 'natsjobx://run/5']);
    await world.settled();
    world.window().loadFails = false;
    world.timers.pass(1_000);
    await world.ready();
    expect(world.window().webContents.getURL()).toBe(`${URL_OF_PANEL}/#/runs/5`);
  });

  test('a page that is gone is loaded again once, then a page without scripts stands there', async () => {
    const world = await started();
    const { webContents } = world.window();
    webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 });
    expect(world.recorder.of('webContents.reload')).toHaveLength(1);
    webContents.emit('render-process-gone', {}, { reason: 'oom', exitCode: 1 });
    expect(world.recorder.of('webContents.reload')).toHaveLength(1);
    expect(String(world.recorder.last('window.loadURL')[0])).toMatch(/^data:text\/html/);
    expect(decodeURIComponent(String(world.recorder.last('window.loadURL')[0]))).toContain("default-src 'none'");
  });

  test('a window that hangs is asked about, and nothing is lost by waiting', async () => {
    const world = await started();
    world.answers.push(0, 1);
    world.window().emit('unresponsive');
    await world.settled();
    expect(world.recorder.of('webContents.forcefullyCrashRenderer')).toHaveLength(0);
    world.window().emit('unresponsive');
    await world.settled();
    expect(world.recorder.of('webContents.forcefullyCrashRenderer')).toHaveLength(1);
  });

  test('crash dumps stay here, and an end that was not in order is told at the next start', async () => {
    const world = await start();
    expect(world.recorder.of('crashReporter.start')).toEqual([[{ uploadToServer: false }]]);
    await world.ready();
    world.scheduler().say({ type: 'state', state: { ...IDLE, running: 3 } });
    world.timers.pass(30_000);
    const next = await start({ folder: world.folder });
    expect(next.notifications[0]?.options).toMatchObject({ title: 'natsjob ended unexpectedly last time', body: expect.stringContaining('3 runs') });
    next.app.quit();
    next.scheduler().end(0);
    await next.settled();
    expect((await start({ folder: world.folder })).notifications).toEqual([]);
  });
});

describe('security', () => {
  test('the page is sandboxed and isolated, and all pages that may ever come are', async () => {
    const world = await started();
    expect(world.window().options['webPreferences']).toMatchObject({ contextIsolation: true, sandbox: true, nodeIntegration: false, nodeIntegrationInSubFrames: false, webviewTag: false, webSecurity: true, preload: expect.stringMatching(/preload\.cjs$/) });
    expect(world.recorder.isBefore('app.enableSandbox', 'ready')).toBe(true);
  });

  test('every call of the bridge is refused to whoever is not the panel', async () => {
    const world = await started();
    const channels = world.recorder.of('ipcMain.handle').map(([channel]) => String(channel));
    expect(channels.toSorted()).toEqual(Object.values(CHANNELS).filter((channel) => channel !== CHANNELS.state).toSorted());
    const strangers = [{ url: 'http://127.0.0.1:9999/', parent: null }, { url: `${URL_OF_PANEL}/`, parent: {} }, null];
    for (const channel of channels) {
      for (const frame of strangers) await expect(world.invoke(channel, frame)).rejects.toThrow('Only the panel');
    }
  });

  test('permissions are refused, but for copying and full screen of the panel', async () => {
    const world = await started();
    const request = world.session['setPermissionRequestHandler'] as unknown as (contents: object, permission: string, answer: (may: boolean) => void, details: object) => void;
    const ask = (permission: string, requestingUrl: string, isMainFrame = true): boolean => {
      let answer = true;
      request({}, permission, (may) => { answer = may; }, { requestingUrl, isMainFrame });
      return answer;
    };
    for (const permission of ['media', 'geolocation', 'notifications', 'openExternal', 'clipboard-read', 'hid']) expect(ask(permission, `${URL_OF_PANEL}/`)).toBe(false);
    expect(ask('clipboard-sanitized-write', `${URL_OF_PANEL}/`)).toBe(true);
    expect(ask('clipboard-sanitized-write', `${URL_OF_PANEL}/`, false)).toBe(false);
    expect(ask('clipboard-sanitized-write', 'https://example.org/')).toBe(false);
    expect((world.session['setDevicePermissionHandler'] as unknown as () => boolean)()).toBe(false);
    const check = world.session['setPermissionCheckHandler'] as unknown as (contents: object | null, permission: string, origin: string) => boolean;
    expect([check(null, 'geolocation', URL_OF_PANEL), check(null, 'fullscreen', URL_OF_PANEL)]).toEqual([false, true]);
  });

  test('no request leaves for anywhere but the panel', async () => {
    const world = await started();
    const before = world.session['webRequest.onBeforeRequest'] as unknown as (details: { url: string }, answer: (response: { cancel: boolean }) => void) => void;
    const cancels = (url: string): boolean => {
      let answer = false;
      before({ url }, ({ cancel }) => { answer = cancel; });
      return answer;
    };
    expect(['https://example.org/x.js', 'http://127.0.0.1:7789/', 'file:///etc/passwd', 'ws://example.org/'].map(cancels)).toEqual([true, true, true, true]);
    expect([`${URL_OF_PANEL}/assets/a.js`, 'ws://127.0.0.1:7788/natsjob/api/live', 'data:image/svg+xml,x'].map(cancels)).toEqual([false, false, false]);
  });

  test('the page stays where it is; no window is opened; links go to the browser by a list', async () => {
    const world = await started();
    const { webContents } = world.window();
    for (const kind of ['will-navigate', 'will-frame-navigate', 'will-redirect'] as const) {
      expect(webContents.navigate(kind, 'https://example.org/')).toBe(false);
      expect(webContents.navigate(kind, `${URL_OF_PANEL}/#/runs`)).toBe(true);
    }
    const view = { defaultPrevented: false, preventDefault: () => { view.defaultPrevented = true; } };
    webContents.emit('will-attach-webview', view);
    expect(view.defaultPrevented).toBe(true);
    for (const url of ['https://example.org/', 'http://docs.nats.io/', 'file:///etc/passwd', 'https://github.com@example.org/', `${URL_OF_PANEL}/`]) expect(webContents.openHandler({ url })).toEqual({ action: 'deny' });
    expect(world.recorder.of('shell.openExternal')).toEqual([]);
    expect(webContents.openHandler({ url: 'https://docs.nats.io/nats-concepts' })).toEqual({ action: 'deny' });
    expect(world.recorder.of('shell.openExternal')).toEqual([['https://docs.nats.io/nats-concepts']]);
  });
});

describe('instances and links', () => {
  test('a second instance ends at once, before it is ready, and starts nothing', async () => {
    const world = await start({ isFirstInstance: false });
    expect(world.recorder.isBefore('app.requestSingleInstanceLock', 'app.quit')).toBe(true);
    expect(world.recorder.calls.map(({ what }) => what)).not.toContain('utilityProcess.fork');
    expect(world.exits).toEqual([0]);
  });

  test('a data folder that another natsjob has: its window is offered, with its own login', async () => {
    const world = await start();
    world.scheduler().say({ type: 'locked', pid: 42, url: 'http://127.0.0.1:9000' });
    world.scheduler().end(75);
    await world.settled();
    expect(world.recorder.last('dialog.showMessageBox')[0]).toMatchObject({ message: 'Another natsjob works here', detail: expect.stringContaining('process 42'), buttons: ['Connect to the running one', 'Quit natsjob'] });
    expect(world.recorder.last('window.loadURL')).toEqual(['http://127.0.0.1:9000/#/']);
    await expect(world.invoke(CHANNELS.oneTimeToken, world.window().webContents.mainFrame)).rejects.toThrow('its own login');
    world.timers.pass(60_000);
    expect(world.schedulers).toHaveLength(1);
    world.window().close();
    await world.settled();
    expect(world.exits).toEqual([0]);
  });

  test('one that listens elsewhere than on this machine is not connected to', async () => {
    const world = await start();
    world.scheduler().say({ type: 'locked', pid: 42, url: 'http://192.0.2.1:7788' });
    world.scheduler().end(75);
    await world.settled();
    expect(world.recorder.of('window.loadURL')).toEqual([]);
    expect(world.exits).toEqual([0]);
  });

  test('links lead to a run, before the start and after, by argument and by event', async () => {
    const world = await start({ isPackaged: true, platform: 'darwin' });
    expect(world.recorder.of('app.setAsDefaultProtocolClient')).toEqual([['natsjobx']]);
    world.app.emit('open-url', { preventDefault: () => undefined }, 'natsjobx://run/99');
    await world.ready();
    expect(world.recorder.last('window.loadURL')).toEqual([`${URL_OF_PANEL}/#/runs/99`]);
    world.app.emit('second-instance', {}, ['natsjob', '--flag', 'natsjobx://run/100']);
    expect(world.recorder.last('window.loadURL')).toEqual([`${URL_OF_PANEL}/#/runs/100`]);
  });
});

describe('tray, window and menus', () => {
  test('the tray says what runs and what comes next, and its menu has everything', async () => {
    const world = await started();
    const state = { ...IDLE, running: 3, nextFire: { at: world.timers.now() + 4 * 60_000, job: 'backup' }, recentJobs: [{ id: 'a.b.backup', name: 'backup' }] };
    world.scheduler().say({ type: 'state', state });
    expect(world.trays[0]?.tooltip).toBe('3 running · next backup in 4 min');
    expect(world.recorder.last('tray.setImage')).toEqual(['/icons/running.png']);
    expect(labelsOf(trayMenu(world))).toEqual(expect.arrayContaining(['3 running', 'Open natsjob', 'Run…', 'backup', 'Pause scheduling', 'For 15 minutes', 'For 1 hour', 'Until I resume', 'Logs folder', 'Settings', 'Quit natsjob']));
    choose(trayMenu(world), 'Run…', 'backup');
    choose(trayMenu(world), 'Pause scheduling', 'For 1 hour');
    choose(trayMenu(world), 'Pause scheduling', 'Until I resume');
    choose(trayMenu(world), 'Logs folder');
    expect(world.scheduler().sent.slice(1)).toEqual([{ type: 'run', jobId: 'a.b.backup' }, { type: 'pause', until: world.timers.now() + 3_600_000 }, { type: 'pause', until: null }]);
    expect(world.recorder.last('shell.openPath')).toEqual([path.join(world.folder, 'logs')]);
    world.scheduler().say({ type: 'state', state: { ...state, pause: { since: 0, until: null } } });
    expect(world.recorder.last('tray.setImage')).toEqual(['/icons/paused.png']);
    choose(trayMenu(world), 'Resume scheduling');
    expect(world.scheduler().orders().at(-1)).toBe('resume');
  });

  test('the menu of the tray is set anew on each change and only then; the countdown goes on by itself', async () => {
    const world = await started();
    const menus = () => world.recorder.of('tray.setContextMenu').length;
    const before = menus();
    world.scheduler().say({ type: 'state', state: IDLE });
    expect(menus()).toBe(before);
    world.scheduler().say({ type: 'state', state: { ...IDLE, nextFire: { at: world.timers.now() + 5 * 60_000, job: 'backup' } } });
    expect(world.trays[0]?.tooltip).toContain('in 5 min');
    world.timers.pass(90_000);
    expect(world.trays[0]?.tooltip).toContain('in 3 min');
  });

  test('pictures are templates on macOS and icons on Windows, where a click opens', async () => {
    const mac = await started({ platform: 'darwin' });
    expect(mac.recorder.last('new Tray')).toEqual(['/icons/idleTemplate.png']);
    expect(mac.recorder.last('nativeImage.setTemplateImage')).toEqual([true]);
    const windows = await started({ platform: 'win32' });
    expect(windows.recorder.last('new Tray')).toEqual(['/icons/idle.ico']);
    const shown = windows.recorder.of('window.show').length;
    windows.trays[0]?.emit('click');
    expect(windows.recorder.of('window.show')).toHaveLength(shown + 1);
  });

  test('closing hides, explained once; with the setting off it ends the program', async () => {
    const world = await started({ isPackaged: true });
    world.answers.push(0, 1);
    world.window().close();
    await world.settled();
    world.window().close();
    await world.settled();
    expect(world.recorder.of('dialog.showMessageBox').map(([box]) => (box as { message: string }).message)).toEqual(['natsjob keeps running', 'Open natsjob when you log in?']);
    expect(settingsOf(world)).toMatchObject({ closeExplained: true, openAtLoginAsked: true, openAtLogin: false });
    choose(trayMenu(world), 'Desktop settings', 'Keep running when the window is closed');
    world.window().close();
    expect(world.scheduler().orders().at(-1)).toBe('shutdown');
  });

  test('macOS: the window comes back from the Dock, which can be left out', async () => {
    const world = await started({ platform: 'darwin' });
    world.window().close();
    world.app.emit('activate');
    expect(world.recorder.isBefore('window.hide', 'window.focus')).toBe(true);
    choose(trayMenu(world), 'Desktop settings', 'Hide the Dock icon');
    expect(world.recorder.of('app.dock.hide')).toHaveLength(1);
  });

  test('size and place of the window are kept by Electron, its zoom by us', async () => {
    const world = await started();
    expect(world.window().options).toMatchObject({ name: 'main', windowStatePersistence: true, minWidth: 900, minHeight: 600, backgroundColor: '#0f1216' });
    world.window().webContents.setZoomLevel(1.5);
    world.window().close();
    expect(settingsOf(world)).toMatchObject({ zoomLevel: 1.5 });
    const next = await started({ folder: world.folder });
    expect(next.recorder.last('webContents.setZoomLevel')).toEqual([1.5]);
  });

  test('the menu bar is full on macOS and lean elsewhere; diagnostics hold no secret', async () => {
    const mac = await started({ platform: 'darwin' });
    expect(mac.applicationMenu().map(({ label }) => label)).toEqual(['natsjob', 'File', 'Edit', 'View', 'Window', 'Help']);
    const linux = await started();
    expect(linux.applicationMenu().map(({ label }) => label)).toEqual(['File', 'View', 'Help']);
    choose(linux.applicationMenu(), 'Help', 'Copy diagnostics');
    expect(Object.keys(JSON.parse(String(linux.recorder.last('clipboard.writeText')[0])) as object)).toEqual(['version', 'node', 'platform', 'isPackaged', 'places', 'settings', 'phase', 'running', 'failures', 'update', 'noticesFail']);
  });
});

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
