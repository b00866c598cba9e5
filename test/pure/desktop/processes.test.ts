import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { IDLE } from '../../support/electron/fake-utility.ts';
import { URL_OF_PANEL } from '../../support/electron/fake-world.ts';
import { setStage, trayMenu } from '../../support/electron/stage.ts';
import { choose } from '../../support/electron/stand-in-parts.ts';

// Rows of what a desktop program owes its system, as calls of Electron's API that were made or refused.
const { start, started } = setStage();

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
