import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBarriers } from '../support/axe.ts';
import { findChromium, hashOf, openBrowser, openPanel } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type TestJob, type World } from '../support/world.ts';

const chromium = findChromium();

describe.skipIf(chromium === undefined)('the command palette and the keys', () => {
  let world: World;
  let browser: Browser;
  let job: TestJob;
  let taskId: string;

  beforeAll(async () => {
    world = await openWorld();
    browser = await openBrowser();
    job = await world.job({ name: 'nightly-report' });
    await world.job({ name: 'other-one' });
    taskId = await job.start();
  });

  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  test.each(['en', 'zh-CN'] as const)('goes to screens and finds jobs and runs, in %s', async (language) => {
    await using panel = await openPanel(browser, world.program, { language });
    const { page } = panel;
    await panel.open('/');
    await ask(page, language === 'en' ? 'work' : '客户端');
    await page.getByRole('option', { name: language === 'en' ? 'Workers' : '客户端' }).first().waitFor();
    await page.keyboard.press('Enter');
    await until(async () => (await hashOf(page)) === '#/workers');
    await ask(page, 'nightly');
    await page.getByRole('option', { name: /nightly-report/ }).click();
    await until(async () => /^#\/jobs\/\d+$/.test(await hashOf(page)));
    await ask(page, taskId);
    await page.getByRole('option', { name: new RegExp(taskId) }).waitFor();
    await page.keyboard.press('Enter');
    await until(async () => (await hashOf(page)) === `#/runs/${taskId}`);
    expect(panel.faults).toEqual([]);
  });

  test('takes what is typed right after the keys that open it', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/jobs');
    await page.locator('[data-live=live]').waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('pausee');
    await page.keyboard.press('Backspace');
    const input = page.getByRole('dialog').getByRole('combobox');
    await input.waitFor();
    await page.keyboard.type(' li');
    await until(async () => (await input.inputValue()) === 'pause li');
    await page.locator('[data-live=live]').waitFor({ state: 'attached' });
    expect(panel.faults).toEqual([]);
  });

  test('acts: theme, namespace, live updates, language, log out', async () => {
    // A session of its own, because it ends here.
    await using panel = await openPanel(browser, world.program, { loggedIn: false });
    const { page } = panel;
    await panel.open('/');
    await page.locator('input[name=username]').fill('tester');
    await page.locator('input[name=password]').fill('a password of this test');
    await page.keyboard.press('Enter');
    await page.locator('[data-live=live]').waitFor();
    await choose(page, 'theme dark');
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
    await choose(page, NAMESPACE);
    await page.getByRole('button', { name: `Namespace in view: ${NAMESPACE}` }).waitFor();
    await choose(page, 'pause live');
    await page.locator('[data-live=paused]').waitFor();
    await choose(page, 'new job');
    await until(async () => (await hashOf(page)).startsWith('#/jobs/new'));
    await choose(page, '简体中文');
    await page.getByRole('navigation', { name: '主导航' }).waitFor();
    await ask(page, 'no such thing at all');
    await page.getByText('没有匹配项').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await choose(page, '退出登录');
    await page.locator('input[name=username]').waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('keys go, filter, walk the rows and act on them; typing is left alone, and they can be switched off', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/');
    // Busy for longer than a pair may take, between the two: what counts is when they were pressed. A busy machine may press them too far apart.
    await until(async () => {
      await page.evaluate(() => addEventListener('keydown', ({ timeStamp }) => { while (performance.now() < timeStamp + 2_000); }, { once: true }));
      await Promise.all(['g', 'j'].map((key) => page.keyboard.press(key)));
      return (await hashOf(page)) === '#/jobs';
    }, { what: 'the pair of keys to lead to the jobs' });
    await page.locator('tr[data-row]').nth(1).waitFor();
    await page.keyboard.press('j');
    await page.locator('tr[data-row]:focus').waitFor();
    const first = await focusedRow(page);
    await page.keyboard.press('j');
    await expect.poll(() => focusedRow(page)).not.toBe(first);
    await page.keyboard.press('k');
    await expect.poll(() => focusedRow(page)).toBe(first);
    await page.keyboard.press('x');
    await page.locator('tr[data-row] input[type=checkbox]:checked').waitFor();
    await page.keyboard.press('x');
    await page.keyboard.press('/');
    await page.locator('[data-filter]:focus').waitFor();
    await page.keyboard.type('gjpc?');
    await expect.poll(() => page.locator('[data-filter]').inputValue()).toBe('gjpc?');
    await page.locator('[data-filter]').fill('nightly');
    await page.getByText('other-one').waitFor({ state: 'detached' });
    // The list is empty for a moment before what matches is there.
    await page.locator('tr[data-row]', { hasText: 'nightly-report' }).waitFor();
    await page.locator('h1').focus();
    await page.keyboard.press('j');
    await page.locator('tr[data-row]:focus').waitFor();
    await page.keyboard.press('e');
    await until(async () => /^#\/jobs\/\d+\/edit/.test(await hashOf(page)));
    await page.goBack();
    // The page that is left names the job, too: only the list has rows.
    await page.locator('tr[data-row]', { hasText: 'nightly-report' }).waitFor();
    await page.keyboard.press('j');
    await page.locator('tr[data-row]:focus').waitFor();
    await page.keyboard.press('Enter');
    await until(async () => /^#\/jobs\/\d+$/.test(await hashOf(page)));
    await page.keyboard.press('p');
    await page.locator('[data-live=paused]').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('Next row').waitFor();
    await page.getByRole('dialog').getByRole('switch', { name: 'Single-key shortcuts' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const before = await hashOf(page);
    await page.keyboard.press('c');
    await page.keyboard.press('Control+k');
    await page.locator('[data-palette]').waitFor();
    await expect.poll(() => hashOf(page)).toBe(before);
    expect(panel.faults).toEqual([]);
  });

  test.each([['en', 'light', 1280], ['zh-CN', 'dark', 390], ['en', 'dark', 320]] as const)('has no barriers: %s %s %i', async (language, theme, width) => {
    await using panel = await openPanel(browser, world.program, { language, theme, width, bypassPolicy: true });
    const { page } = panel;
    await panel.open('/settings');
    await ask(page, 'n');
    await page.getByRole('option', { name: /nightly-report/ }).waitFor();
    await expect.poll(() => findBarriers(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.locator('[data-palette]').waitFor({ state: 'detached' });
    await page.locator('h1').focus();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await expect.poll(() => findBarriers(page)).toEqual([]);
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  });
});

async function ask(page: Page, text: string): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.locator('[data-palette]').getByRole('combobox').fill(text);
}

async function choose(page: Page, text: string): Promise<void> {
  await ask(page, text);
  await page.locator('[data-palette]').getByRole('option', { selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.locator('[data-palette]').waitFor({ state: 'detached' });
}

function focusedRow(page: Page): Promise<number> {
  return page.evaluate(() => [...document.querySelectorAll('tr[data-row]')].indexOf(document.activeElement as Element));
}
