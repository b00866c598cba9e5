import { describe, expect, test } from 'vitest';
import { CHANNELS } from '../../../src-main/desktop/model/bridge.ts';
import { URL_OF_PANEL } from '../../support/electron/fake-world.ts';
import { setStage } from '../../support/electron/stage.ts';

// Rows of what a desktop program owes its system, as calls of Electron's API that were made or refused.
const { start } = setStage();

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
