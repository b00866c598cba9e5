import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { IDLE } from '../../support/electron/fake-utility.ts';
import { setStage, settingsOf, trayMenu } from '../../support/electron/stage.ts';
import { choose, labelsOf } from '../../support/electron/stand-in-parts.ts';

// Rows of what a desktop program owes its system, as calls of Electron's API that were made or refused.
const { started } = setStage();

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
