import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBarriers } from '../support/axe.ts';
import { findChromium, hashOf, openBrowser, openPanel } from '../support/browser.ts';
import { startProgram, type TestProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const USER = 'tester';
const PASSWORD = 'a password of this test';
const chromium = findChromium();

describe.skipIf(chromium === undefined)('logging in', () => {
  let program: TestProgram;
  let browser: Browser;

  beforeAll(async () => {
    program = await startProgram();
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await program.stop();
  });

  test.each(['en', 'zh-CN'] as const)('by Enter, in %s, to the address that was asked for', async (language) => {
    await using panel = await openPanel(browser, program, { language, loggedIn: false });
    const { page } = panel;
    await panel.open('/workers?q=abc');
    await page.getByRole('heading', { name: language === 'en' ? 'Log in' : '登录', level: 1 }).waitFor();
    await expect.poll(() => page.locator('input[name=username]').getAttribute('autocomplete')).toBe('username');
    await expect.poll(() => page.locator('input[name=password]').getAttribute('autocomplete')).toBe('current-password');
    await expect.poll(() => page.locator('input[name=password]').inputValue()).toBe('');
    await page.locator('[data-hint=default]').waitFor();
    await page.locator('input[name=username]').fill(USER);
    await page.locator('input[name=password]').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: language === 'en' ? 'Workers' : '客户端', level: 1 }).waitFor();
    await expect.poll(() => hashOf(page)).toBe('#/workers?q=abc');
    expect(panel.faults).toEqual([]);
  });

  test('says what is missing, shows the password on demand, and changes language and theme', async () => {
    await using panel = await openPanel(browser, program, { loggedIn: false });
    const { page } = panel;
    await panel.open('/');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('Say which account.').waitFor();
    await page.getByText('Say the password.').waitFor();
    await page.locator('input[name=password]').fill('seen');
    await page.getByRole('button', { name: 'Show the password' }).click();
    await expect.poll(() => page.locator('input[name=password]').getAttribute('type')).toBe('text');
    await page.getByRole('button', { name: 'Hide the password' }).click();
    await expect.poll(() => page.locator('input[name=password]').getAttribute('type')).toBe('password');
    await page.getByRole('button', { name: 'Theme' }).click();
    await page.getByRole('button', { name: 'Dark' }).click();
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Language' }).click();
    await page.getByRole('menuitem', { name: '简体中文' }).click();
    await page.getByRole('heading', { name: '登录', level: 1 }).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('"keep me logged in" outlives the tab; without it another tab asks again', async () => {
    await using panel = await openPanel(browser, program, { loggedIn: false });
    await panel.open('/');
    await logIn(panel.page);
    await panel.page.locator('[data-live=live]').waitFor();
    const asked = await panel.context.newPage();
    await asked.goto(program.url);
    await asked.locator('input[name=username]').waitFor();
    await asked.getByLabel('Keep me logged in').check();
    await logIn(asked);
    await asked.locator('[data-live=live]').waitFor();
    const kept = await panel.context.newPage();
    await kept.goto(program.url);
    await kept.locator('[data-live=live]').waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('an ended session says so, keeps the address, and goes on there', async () => {
    await using panel = await openPanel(browser, program, { loggedIn: false });
    const { page } = panel;
    await panel.open('/settings?tab=security');
    await logIn(page);
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
    await page.locator('[data-live=live]').waitFor();
    const token = await page.evaluate(() => sessionStorage.getItem('natsjob.token'));
    expect((await program.api.post('/logout', {}, { authorization: `Bearer ${token}` })).status).toBe(204);
    await page.locator('[data-trouble=ended]').getByText('Your session has ended').waitFor();
    await expect.poll(() => hashOf(page)).toBe('#/settings?tab=security');
    await logIn(page);
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Menu of tester' }).click();
    await page.getByRole('menuitem', { name: 'Log out' }).click();
    await page.locator('[data-trouble=none]').waitFor({ state: 'attached' });
    expect(panel.faults).toEqual([]);
  });

  test('wrong passwords are told, then have to wait with the seconds counted down', async () => {
    await using own = await startProgram();
    await using panel = await openPanel(browser, own, { loggedIn: false });
    const { page } = panel;
    await panel.open('/');
    for (let tries = 1; tries <= 5; tries++) {
      await logIn(page, 'not it');
      await page.locator('[data-trouble=wrong]').getByText(tries === 1 ? 'Account or password is wrong.' : 'After five wrong tries').waitFor();
      await page.locator('input[name=password]:focus').waitFor();
    }
    // Each second is seen by the page itself: whoever asks from outside may come too late for it.
    await page.evaluate(() => {
      const seen: string[] = [];
      const look = (): void => {
        const text = document.querySelector('[data-trouble=wait]')?.textContent;
        if (text) seen.push(`${text} ${document.querySelector('button[type=submit]')?.ariaDisabled}`);
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
      Object.assign(globalThis, { seen });
    });
    // A try that comes when the five seconds are over is looked at, and makes the next wait longer.
    await until(async () => {
      await page.evaluate(() => { (globalThis as unknown as { seen: string[] }).seen.length = 0; });
      const [answer] = await Promise.all([page.waitForResponse(/\/login$/), logIn(page, 'not it')]);
      if (answer.status() !== 429) {
        await page.waitForFunction(() => document.querySelector<HTMLInputElement>('input[name=password]')?.value === '');
        return false;
      }
      await page.waitForFunction(() => (globalThis as unknown as { seen: string[] }).seen.length > 0);
      await page.locator('[data-trouble=none]').waitFor({ state: 'attached', timeout: 60_000 });
      return (await answer.json()).retryAfter >= 4;
    }, { deadlineMs: 60_000, what: 'a try that has to wait' });
    const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
    const seconds = seen.map((text) => Number(/try again in (\d+) seconds?\..* true$/.exec(text)?.[1]));
    expect(seconds).not.toContain(Number.NaN);
    expect(new Set(seconds).size).toBeGreaterThan(1);
    expect(seconds).toEqual(seconds.toSorted((first, second) => second - first));
    await logIn(page);
    await page.locator('[data-live=live]').waitFor();
    expect(panel.faults).toEqual([]);
  });

  test.each(['en', 'zh-CN'] as const)('the default password is refused from afar and accepted here, in %s', async (language) => {
    await using own = await startProgram({ env: { NATSJOB_LOGIN_USER: '', NATSJOB_LOGIN_PWD: '' } });
    await using panel = await openPanel(browser, own, { language, loggedIn: false });
    const { page, context } = panel;
    await context.setExtraHTTPHeaders({ 'x-forwarded-for': '203.0.113.9' });
    await panel.open('/');
    await logIn(page, 'natsjob', 'natsjob');
    const notice = page.locator('[data-trouble=afar]');
    await notice.getByText(language === 'en' ? 'The default password works only' : '默认密码仅限').waitFor();
    await notice.getByText('NATSJOB_LOGIN_PWD=').waitFor();
    await context.setExtraHTTPHeaders({});
    await page.keyboard.press('Enter');
    await page.locator('[data-banner=password]').waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('says that nobody answers, and goes on when somebody does', async () => {
    await using own = await startProgram();
    await using panel = await openPanel(browser, own, { loggedIn: false });
    const { page } = panel;
    await panel.open('/');
    await own.stop();
    await logIn(page);
    await page.locator('[data-trouble=offline]').waitFor();
    await own.restart();
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.locator('[data-live=live]').waitFor();
    expect(panel.faults).toEqual([]);
  });

  test.each([['en', 'light', 1280], ['zh-CN', 'dark', 390], ['en', 'light', 320]] as const)('has no barriers and does not scroll sideways: %s %s %i', async (language, theme, width) => {
    await using panel = await openPanel(browser, program, { language, theme, width, loggedIn: false, bypassPolicy: true });
    const { page, context } = panel;
    await panel.open('/');
    await expect.poll(() => findBarriers(page)).toEqual([]);
    await context.route('**/login', (route) => route.fulfill({ status: 403, contentType: 'application/problem+json', json: { type: 'urn:natsjob:problem:default-password', title: '', status: 403, detail: '', errors: [] } }));
    await logIn(page);
    await page.locator('[data-trouble=afar]').waitFor();
    await expect.poll(() => findBarriers(page)).toEqual([]);
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  });
});

async function logIn(page: Page, password = PASSWORD, user = USER): Promise<void> {
  await page.locator('input[name=username]').fill(user);
  await page.locator('input[name=password]').fill(password);
  await page.locator('button[type=submit]').click();
}
