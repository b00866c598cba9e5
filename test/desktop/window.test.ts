import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, openBrowser } from '../support/browser.ts';
import { BUNDLE, canStartDesktop, startWorld, type DesktopWorld } from '../support/electron/desktop-world.ts';
import { until } from '../support/until.ts';

const canRun = (await canStartDesktop()) && findChromium() !== undefined;

/** What the built preload finds as Electron, in a page: its calls go to the shell by way of the test. */
const ELECTRON = `({
  contextBridge: { exposeInMainWorld: (name, value) => { window[name] = value; } },
  ipcRenderer: { invoke: (channel) => window.callShell(channel), on: () => undefined, removeListener: () => undefined },
})`;

describe.runIf(canRun)('the panel in the console’s window, with the browser for its renderer', () => {
  let world: DesktopWorld;
  let browser: Browser;
  let page: Page;
  let address = '';
  const faults: string[] = [];
  const addresses: string[] = [];
  const calls: string[] = [];

  beforeAll(async () => {
    world = await startWorld();
    address = await world.untilShown();
    browser = await openBrowser();
    const context = await browser.newContext({ locale: 'en' });
    page = await context.newPage();
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => addresses.push(request.url()));
    await page.exposeBinding('callShell', (source, channel: string) => {
      calls.push(channel);
      return world.invoke(channel, { url: source.frame.url(), parent: source.frame.parentFrame() });
    });
    await page.addInitScript(`((require) => { const exports = {}; const module = { exports }; ${readFileSync(path.join(BUNDLE, 'preload.cjs'), 'utf8')} })(() => ${ELECTRON});
      document.addEventListener('securitypolicyviolation', (event) => { throw new Error('policy violated: ' + event.violatedDirective + ' ' + event.blockedURI); });`);
    await page.goto(address);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.[Symbol.asyncDispose]();
  });

  test('is logged in without a form, and breaks no rule of its policy', async () => {
    await page.locator('[data-page="/"]').waitFor({ state: 'attached', timeout: 60_000 });
    expect(await page.locator('input[type=password]').count()).toBe(0);
    expect(calls).toEqual(['natsjob:one-time-token']);
    expect(faults).toEqual([]);
  });

  test('asks nobody but the scheduler, with no token in an address', () => {
    const origin = new URL(address).origin;
    expect(addresses.filter((url) => !url.startsWith(`${origin}/`))).toEqual([]);
    expect(addresses.filter((url) => /token/i.test(url))).toEqual([]);
  });

  test('goes on after the scheduler was killed and started again, still without a form', async () => {
    process.kill(world.utilities.at(-1)?.pid ?? 0, 'SIGKILL');
    await until(() => world.utilities.length === 2 && world.trays[0]?.tooltip.startsWith('Nothing running'), { deadlineMs: 60_000, what: 'the scheduler to run again' });
    await page.goto(`${address}servers`);
    await page.reload();
    await page.locator('[data-page="/servers"]').waitFor({ state: 'attached', timeout: 60_000 });
    expect(await page.locator('input[type=password]').count()).toBe(0);
    expect(faults.filter((fault) => fault.includes('policy'))).toEqual([]);
  });
});
