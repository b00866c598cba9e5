import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBarriers } from '../support/axe.ts';
import { findChromium, hashOf, openBrowser, openPanel } from '../support/browser.ts';
import { startProgram, type TestProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const chromium = findChromium();

describe.skipIf(chromium === undefined)('the strip of open pages', () => {
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

  test('keeps what was opened with its filters, over a reload, in the language in use', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await visit(page, panel.open, ['/', '/workers?q=abc', '/places', '/settings']);
    await expect.poll(() => titles(page)).toEqual(['Overview', 'Workers', 'Namespaces and apps', 'Settings']);
    await page.reload();
    await page.locator('[data-tab="/settings"] a[aria-current=page]').waitFor();
    await expect.poll(() => titles(page)).toEqual(['Overview', 'Workers', 'Namespaces and apps', 'Settings']);
    await tab(page, '/workers').click();
    await until(async () => (await hashOf(page)) === '#/workers?q=abc');
    await page.getByRole('main').getByRole('heading', { name: 'Workers' }).waitFor();
    await page.getByRole('button', { name: 'Language' }).click();
    await page.getByRole('menuitem', { name: '简体中文' }).click();
    await until(async () => (await titles(page)).join() === '总览,客户端,命名空间与服务,设置');
    expect(panel.faults).toEqual([]);
  });

  test('closes by button, Delete, menu; the overview stays', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await visit(page, panel.open, ['/', '/workers', '/places', '/tester', '/servers', '/settings']);
    await page.getByRole('button', { name: 'Close Subject tester' }).click();
    await expect.poll(() => paths(page)).toEqual(['/', '/workers', '/places', '/servers', '/settings']);
    await page.getByRole('button', { name: 'Close Settings' }).click();
    await until(async () => (await hashOf(page)) === '#/servers');
    await until(async () => (await paths(page)).length === 4);
    await tab(page, '/servers').focus();
    await page.keyboard.press('ArrowLeft');
    await page.locator('[data-tab="/places"] a:focus').waitFor();
    await page.keyboard.press('Delete');
    await until(async () => (await paths(page)).join() === '/,/workers,/servers');
    await expect.poll(() => page.locator('[data-tab="/"] button').count()).toBe(0);
    await tab(page, '/workers').click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Close others' }).click();
    await until(async () => (await hashOf(page)) === '#/workers');
    await until(async () => (await paths(page)).join() === '/,/workers');
    await tab(page, '/workers').focus();
    await page.keyboard.press('Shift+F10');
    await page.getByRole('menuitem', { name: 'Close all' }).click();
    await until(async () => (await paths(page)).join() === '/' && (await hashOf(page)) === '#/');
    expect(panel.faults).toEqual([]);
  });

  test('are put in order by dragging and by keys', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await visit(page, panel.open, ['/', '/workers', '/places', '/settings']);
    await page.locator('[data-tab="/settings"]').dragTo(page.locator('[data-tab="/workers"]'));
    await until(async () => (await paths(page)).join() === '/,/settings,/workers,/places');
    await tab(page, '/workers').focus();
    await page.keyboard.press('Alt+Shift+ArrowRight');
    await until(async () => (await paths(page)).join() === '/,/settings,/places,/workers');
    expect(panel.faults).toEqual([]);
  });

  test('refreshes and maximises the page; Esc ends it; can be switched off', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await visit(page, panel.open, ['/', '/settings?tab=all']);
    const asked = page.waitForRequest(/\/settings$/);
    await tab(page, '/settings').click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Refresh' }).click();
    await asked;
    await tab(page, '/settings').click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Maximise' }).click();
    await page.getByRole('banner').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'End maximising' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('banner').waitFor();
    await panel.open('/settings');
    await page.getByRole('switch', { name: 'Strip of tabs' }).click();
    await page.getByRole('navigation', { name: 'Open pages' }).waitFor({ state: 'detached' });
    expect(panel.faults).toEqual([]);
  });

  test('changing a filter far down the page does not move the page', async () => {
    await using panel = await openPanel(browser, program, { height: 400 });
    const { page } = panel;
    await panel.open('/settings?tab=all');
    await page.locator('[data-setting]').last().scrollIntoViewIfNeeded();
    const before = await page.evaluate(() => scrollY);
    expect(before).toBeGreaterThan(0);
    await page.evaluate(() => { location.hash = '#/settings?tab=all&q=NATSJOB'; });
    await until(async () => (await page.locator('[data-tab="/settings"] a').getAttribute('href'))?.includes('NATSJOB'));
    await expect.poll(() => page.evaluate(() => scrollY)).toBe(before);
    expect(panel.faults).toEqual([]);
  });

  test.each([['en', 'light', 1280], ['zh-CN', 'dark', 390], ['en', 'dark', 320]] as const)('has no barriers, and arrows when there are many: %s %s %i', async (language, theme, width) => {
    await using panel = await openPanel(browser, program, { language, theme, width, bypassPolicy: true });
    const { page } = panel;
    await visit(page, panel.open, ['/', '/workers', '/places', '/tester', '/servers', '/settings', '/jobs', '/runs', '/calendar', '/jobs/new', '/first-job']);
    await page.getByRole('button', { name: language === 'en' ? 'Scroll the tabs left' : '向左滚动标签' }).click();
    await expect.poll(() => findBarriers(page)).toEqual([]);
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await tab(page, '/first-job').click({ button: 'right' });
    await page.getByRole('menu').waitFor();
    await expect.poll(() => findBarriers(page)).toEqual([]);
  });
});

async function visit(page: Page, open: (path: string) => Promise<void>, addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    await open(address);
    await page.locator(`[data-tab="${address.split('?')[0]}"] a[aria-current=page]`).waitFor();
  }
}

function tab(page: Page, path: string) {
  return page.locator(`[data-tab="${path}"] a`);
}

function paths(page: Page): Promise<(string | null)[]> {
  return page.locator('[data-tab]').evaluateAll((tabs) => tabs.map((one) => one.getAttribute('data-tab')));
}

function titles(page: Page): Promise<string[]> {
  return page.locator('[data-tab] a').allInnerTexts();
}
