import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findBarriers } from '../support/axe.ts';
import { findChromium, hashOf, openBrowser, openPanel, type Panel, type PanelOptions } from '../support/browser.ts';
import { startOwnProgram, type OwnProgram } from '../support/own-program.ts';
import { until } from '../support/until.ts';

describe.skipIf(findChromium() === undefined)('the window of the desktop console', () => {
  let program: OwnProgram;
  let browser: Browser;
  /** Every token that was given out. */
  let tokens: string[];

  beforeAll(async () => {
    [program, browser] = await Promise.all([startOwnProgram(), openBrowser()]);
  });
  beforeEach(() => {
    tokens = [];
  });

  afterAll(async () => {
    await browser.close();
    await program[Symbol.asyncDispose]();
  });

  function issue(): string {
    const token = program.running.issueOneTimeToken();
    tokens.push(token);
    return token;
  }

  /** A window with the shell's part of the page, as the preload script makes it. */
  async function openWindow(giveToken: () => string, options: PanelOptions = {}): Promise<{ panel: Panel; page: Page; context: BrowserContext; sent: { url: string; body: string; headers: string }[] }> {
    const panel = await openPanel(browser, program, { ...options, loggedIn: false });
    const { page, context } = panel;
    const sent: { url: string; body: string; headers: string }[] = [];
    page.on('request', (request) => sent.push({ url: request.url(), body: request.postData() ?? '', headers: JSON.stringify(request.headers()) }));
    await context.exposeFunction('giveToken', giveToken);
    await context.addInitScript(() => {
      const shell = window as unknown as { giveToken(): Promise<string>; natsjobDesktop: object };
      shell.natsjobDesktop = { oneTimeToken: () => shell.giveToken() };
    });
    return { panel, page, context, sent };
  }

  const exchanges = (sent: readonly { url: string }[]): number => sent.filter(({ url }) => url.endsWith('/login/one-time')).length;

  test('opens without a form, and its token is in no address, no header and no log', async () => {
    const { panel, page, context, sent } = await openWindow(issue);
    await panel.open('/workers?q=abc');
    await page.locator('[data-live=live]').waitFor();
    await page.getByRole('heading', { name: 'Workers', level: 1 }).waitFor();
    expect(await page.locator('input[name=password]').count()).toBe(0);
    expect(await hashOf(page)).toBe('#/workers?q=abc');
    expect(tokens).toHaveLength(1);
    const [token] = tokens as [string];
    expect(sent.filter(({ body }) => body.includes(token)).map(({ url }) => new URL(url).pathname)).toEqual(['/natsjob/api/login/one-time']);
    for (const { url, headers } of sent) expect(url + headers).not.toContain(token);
    expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, document.documentElement.outerHTML]))).not.toContain(token);
    expect(program.logged()).toContain('Started');
    expect(program.logged()).not.toContain(token);
    expect(panel.faults).toEqual([]);
    await context.close();
  });

  test('logs in again by itself when the session ends, where it was', async () => {
    const { panel, page, context } = await openWindow(issue);
    await panel.open('/settings?tab=security');
    await page.locator('[data-live=live]').waitFor();
    const bearer = await page.evaluate(() => sessionStorage.getItem('natsjob.token'));
    await page.clock.install();
    await page.clock.fastForward(11_000);
    expect((await program.api.post('/logout', {}, { authorization: `Bearer ${bearer}` })).status).toBe(204);
    await until(() => tokens.length === 2, { what: 'a second token to be asked for' });
    await page.clock.resume();
    await page.locator('[data-live=live]').waitFor();
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
    await expect.poll(() => hashOf(page)).toBe('#/settings?tab=security');
    await expect.poll(() => page.evaluate(() => sessionStorage.getItem('natsjob.token'))).not.toBe(bearer);
    expect(panel.faults).toEqual([]);
    await context.close();
  });

  test.each([
    ['en', 'has none', (): string => { throw new Error('This window shows another natsjob.'); }],
    ['zh-CN', 'gives one that is not good', (): string => 'x'.repeat(43)],
  ] as const)('shows the form and why, in %s, when the shell %s', async (language, _what, give) => {
    const { panel, page, context, sent } = await openWindow(give, { language, bypassPolicy: true });
    await panel.open('/jobs');
    await page.locator('[data-trouble=by-hand]').getByText(language === 'en' ? 'The console could not log itself in.' : '桌面控制台未能自动登录').waitFor();
    await expect.poll(() => findBarriers(page)).toEqual([]);
    await page.locator('input[name=username]').fill('tester');
    await page.locator('input[name=password]').fill('a password of this test');
    await page.keyboard.press('Enter');
    await page.locator('[data-live=live]').waitFor();
    expect(exchanges(sent)).toBe(language === 'en' ? 0 : 1);
    expect(panel.faults).toEqual([]);
    await context.close();
  });

  test('does not try for ever when its sessions end at once', async () => {
    const { panel, page, context, sent } = await openWindow(issue);
    await context.route('**/natsjob/api/me', (route) => route.fulfill({ status: 401, contentType: 'application/problem+json', json: { type: '', title: '', status: 401, detail: '', errors: [] } }));
    await panel.open('/jobs');
    await page.locator('[data-trouble=by-hand]').waitFor();
    expect(exchanges(sent)).toBe(1);
    await context.close();
  });

  test('stays logged out when a person logs out', async () => {
    const { panel, page, context } = await openWindow(issue);
    await panel.open('/');
    await page.locator('[data-live=live]').waitFor();
    await page.getByRole('button', { name: 'Menu of tester' }).click();
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await page.locator('[data-trouble=none]').waitFor({ state: 'attached' });
    expect(tokens).toHaveLength(1);
    expect(panel.faults).toEqual([]);
    await context.close();
  });

  test('waits for a scheduler that does not answer', async () => {
    const { panel, page, context } = await openWindow(issue);
    // The page asks again by itself every five seconds: what is tried here is the button.
    await context.addInitScript(() => {
      const repeat = setInterval;
      Object.assign(globalThis, { setInterval: (act: () => void, ms: number) => (ms === 5_000 ? 0 : repeat(act, ms)) });
    });
    await context.route('**/natsjob/api/login/one-time', (route) => route.abort());
    await page.goto(`${program.url}/#/jobs`);
    await page.getByText('The server does not answer.').waitFor();
    await context.unroute('**/natsjob/api/login/one-time');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('[data-live=live]').waitFor();
    expect(panel.faults).toEqual([]);
    await context.close();
  });
});
