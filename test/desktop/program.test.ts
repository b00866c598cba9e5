import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHANNELS } from '../../src-main/desktop/model/bridge.ts';
import { canStartDesktop, startWorld, type DesktopWorld } from '../support/electron/desktop-world.ts';
import { choose, labelsOf } from '../support/electron/stand-in-parts.ts';
import { until } from '../support/until.ts';

const canRun = await canStartDesktop();
const LONG_MS = 60_000;

describe.runIf(canRun)('the desktop console with the real scheduler', () => {
  let world: DesktopWorld;
  let origin = '';

  beforeAll(async () => {
    world = await startWorld({ argv: ['natsjob', 'natsjobx://run/4711'] });
    origin = new URL(await world.untilShown()).origin;
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  const ownFrame = (): { url: string; parent: null } => world.window().webContents.mainFrame;

  test('makes the window unseen, loads the panel from this machine at the page of the link, and shows it when it is painted', () => {
    expect(world.recorder.of('new BrowserWindow')).toHaveLength(1);
    expect(world.window().options).toMatchObject({ show: false });
    expect(world.recorder.last('window.loadURL')).toEqual([`http://127.0.0.1:${world.environment['NATSJOB_HTTP_PORT']}/#/runs/4711`]);
    expect(world.recorder.isBefore('ready-to-show', 'window.show')).toBe(true);
  });

  test('serves the panel under its policy', async () => {
    const page = await fetch(`${origin}/`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('<script');
  });

  test('logs the panel in by a one-time token, once', async () => {
    const token = await world.invoke(CHANNELS.oneTimeToken, ownFrame());
    const login = () => fetch(`${origin}/natsjob/api/login/one-time`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) });
    expect((await login()).status).toBe(200);
    expect((await login()).status).toBe(401);
  });

  test('gives no token to a frame within the panel, to another page, or to one that is gone', async () => {
    for (const frame of [{ url: `${origin}/`, parent: {} }, { url: 'https://example.org/', parent: null }, { url: `${origin}1/`, parent: null }, null]) {
      await expect(world.invoke(CHANNELS.oneTimeToken, frame)).rejects.toThrow('Only the panel may call this.');
    }
  });

  test('shows the state in the tray and to the panel', async () => {
    await until(() => world.trays[0]?.tooltip === 'Nothing running', { deadlineMs: LONG_MS, what: () => `the tray: ${world.trays[0]?.tooltip}` });
    expect(await world.invoke(CHANNELS.getState, ownFrame())).toMatchObject({ phase: 'running', url: origin, failures: 0, scheduler: { running: 0 } });
    expect(world.recorder.last('webContents.send')[0]).toBe(CHANNELS.state);
  });

  test('pauses and resumes scheduling from the tray', async () => {
    const tray = world.trays[0];
    choose(tray?.menu ?? [], 'Pause scheduling', 'For 15 minutes');
    await until(() => tray?.tooltip.includes('Paused until'), { deadlineMs: LONG_MS, what: () => `the tray: ${tray?.tooltip}; ${JSON.stringify(world.recorder.of('dialog.showMessageBox'))}` });
    choose(tray?.menu ?? [], 'Resume scheduling');
    await until(() => labelsOf(tray?.menu ?? []).includes('Pause scheduling'), { deadlineMs: LONG_MS, what: 'the offer to pause' });
  });

  test('a link to a second instance leads the first one there, and nothing else does', async () => {
    world.app.emit('second-instance', {}, ['natsjob', 'natsjobx://run/12']);
    expect(world.recorder.last('window.loadURL')).toEqual([`${origin}/#/runs/12`]);
    const loads = world.recorder.of('window.loadURL').length;
    for (const link of ['natsjobx://run/12/cancel', 'natsjobx://delete/12', 'https://example.org', 'natsjobx://run/1?x=1']) world.app.emit('second-instance', {}, ['natsjob', link]);
    expect(world.recorder.of('window.loadURL')).toHaveLength(loads);
    expect(world.recorder.of('window.focus').length).toBeGreaterThan(4);
  });

  test('starts the scheduler again when it is killed, at the same address and with a token that works', async () => {
    const killed = world.utilities.at(-1)?.pid ?? 0;
    process.kill(killed, 'SIGKILL');
    await until(() => world.trays[0]?.tooltip.includes('being restarted'), { deadlineMs: LONG_MS, what: 'the tray to say so' });
    expect(world.recorder.last('tray.setImage')).toEqual(['/icons/problem.png']);
    await until(() => world.utilities.length === 2 && world.trays[0]?.tooltip.startsWith('Nothing running'), { deadlineMs: LONG_MS, what: 'the scheduler to run again' });
    expect(await world.invoke(CHANNELS.oneTimeToken, ownFrame())).toMatch(/^[\w-]{40,}$/);
  });

  test('closing leaves it running and says so once; quitting ends the scheduler in order and the program once', async () => {
    const explained = () => world.recorder.of('dialog.showMessageBox').filter(([box]) => (box as { message: string }).message === 'natsjob keeps running');
    world.window().close();
    world.window().close();
    expect(explained()).toHaveLength(1);
    expect(world.windows.size).toBe(1);
    expect(world.window().isVisible()).toBe(false);
    world.app.quit();
    world.app.quit();
    choose(world.trays[0]?.menu ?? [], 'Quit natsjob');
    await until(() => world.exits.length > 0, { deadlineMs: LONG_MS, what: 'the end' });
    expect(world.exits).toEqual([0]);
    expect(world.recorder.of('utilityProcess exit')).toEqual([[null], [0]]);
    expect(world.recorder.isBefore('tray.destroy', 'app.exit')).toBe(true);
  });
});
