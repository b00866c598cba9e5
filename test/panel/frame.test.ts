import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, openBrowser, openPanel } from '../support/browser.ts';
import { startProgram, type TestProgram } from '../support/program.ts';

const chromium = findChromium();

describe.skipIf(chromium === undefined)('the frame of the panel', () => {
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

  test.each(['en', 'zh-CN'] as const)('shows every place of the menu in %s', async (language) => {
    await using panel = await openPanel(browser, program, { language });
    await panel.open('/');
    const { page } = panel;
    const places = page.getByRole('navigation', { name: language === 'en' ? 'Main navigation' : '主导航' }).getByRole('link');
    await expect.poll(() => places.count()).toBe(9);
    for (const place of await places.all()) {
      await place.click();
      await page.locator('h1').first().waitFor();
      await place.and(page.locator('[aria-current=page]')).waitFor();
    }
    await expect.poll(() => page.evaluate(() => document.documentElement.lang)).toBe(language);
    expect(panel.faults).toEqual([]);
  });

  test('changes language and theme without a reload, and remembers both', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await panel.open('/jobs');
    await page.evaluate(() => { (globalThis as { kept?: boolean }).kept = true; });
    await page.getByRole('button', { name: 'Language' }).click();
    await page.getByRole('menuitem', { name: '简体中文' }).click();
    await page.getByRole('heading', { name: '任务', level: 1 }).waitFor();
    await page.getByRole('button', { name: '主题', exact: true }).click();
    await page.getByRole('button', { name: '深色' }).click();
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
    await expect.poll(() => page.evaluate(() => (globalThis as { kept?: boolean }).kept)).toBe(true);
    await page.reload();
    await page.getByRole('heading', { name: '任务', level: 1 }).waitFor();
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark');
    expect(panel.faults).toEqual([]);
  });

  test('says since when it is cut off, and goes on by itself when the server is back', async () => {
    await using own = await startProgram();
    await using panel = await openPanel(browser, own);
    const { page } = panel;
    await panel.open('/');
    await page.locator('[data-live=live]').waitFor();
    await own.stop();
    await page.locator('[data-banner=stale]').waitFor();
    await own.restart();
    await page.locator('[data-live=live]').waitFor();
    await page.locator('[data-banner=stale]').waitFor({ state: 'detached' });
    expect(panel.faults).toEqual([]);
  });

  test('a page that does not exist says so', async () => {
    await using panel = await openPanel(browser, program);
    await panel.open('/no/such/page');
    await panel.page.getByText('This page does not exist.').first().waitFor();
    await panel.page.getByRole('link', { name: 'To the overview' }).click();
    // Without a job that is the wizard.
    await panel.page.locator('[data-page="/"], [data-page="/first-job"]').waitFor({ state: 'attached' });
  });
});
