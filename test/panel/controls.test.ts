import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, openBrowser, openPanel } from '../support/browser.ts';
import { startProgram, type TestProgram } from '../support/program.ts';

const chromium = findChromium();

describe.skipIf(chromium === undefined)('menus, popovers, tooltips, dialogs and tabs', () => {
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

  test('a menu goes by arrows, ends and first letters, and gives the focus back', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await panel.open('/settings');
    const user = page.getByRole('button', { name: /^Menu of/ });
    await user.focus();
    await page.keyboard.press('ArrowDown');
    await page.getByRole('menu').waitFor();
    await expect.poll(() => user.getAttribute('aria-expanded')).toBe('true');
    await expect.poll(() => focused(page)).toBe('Settings');
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => focused(page)).toBe('Log out');
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => focused(page)).toBe('Settings');
    await page.keyboard.press('End');
    await expect.poll(() => focused(page)).toBe('Log out');
    await page.keyboard.press('k');
    await expect.poll(() => focused(page)).toBe('Keyboard shortcuts');
    await page.keyboard.press('Escape');
    await page.getByRole('menu').waitFor({ state: 'detached' });
    await page.locator('button[aria-haspopup=menu]:focus').and(user).waitFor();
    await user.click();
    await page.getByRole('menu').waitFor();
    await user.click();
    await page.getByRole('menu').waitFor({ state: 'detached' });
    await user.click();
    await page.locator('h1').click();
    await page.getByRole('menu').waitFor({ state: 'detached' });
    expect(panel.faults).toEqual([]);
  });

  test('a popover keeps the focus until Escape or a press beside it', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await panel.open('/settings');
    const theme = page.getByRole('button', { name: 'Theme', exact: true });
    await theme.click();
    const popover = page.getByRole('dialog', { name: 'Theme' });
    await popover.waitFor();
    await page.keyboard.press('Shift+Tab');
    await expect.poll(() => popover.locator(':focus').getAttribute('data-swatch')).toBe('graphite');
    await page.keyboard.press('Tab');
    await expect.poll(() => popover.locator(':focus').count()).toBe(1);
    await page.keyboard.press('Escape');
    await popover.waitFor({ state: 'detached' });
    await page.locator('button:focus').and(theme).waitFor();
    await theme.click();
    await popover.waitFor();
    await page.locator('h1').click();
    await popover.waitFor({ state: 'detached' });
    expect(panel.faults).toEqual([]);
  });

  test('a tooltip comes by pointer and by keyboard, stays while it is pointed at, and goes by Escape', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await panel.open('/settings');
    const tooltip = page.getByRole('tooltip');
    await page.getByRole('button', { name: 'Language' }).hover();
    await tooltip.getByText('Language').waitFor();
    await tooltip.hover();
    await expect.poll(() => tooltip.isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    await tooltip.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Language' }).focus();
    await page.keyboard.press('Tab');
    await tooltip.getByText('Theme').waitFor();
    await page.keyboard.press('Tab');
    await tooltip.getByText('Theme').waitFor({ state: 'detached' });
    expect(panel.faults).toEqual([]);
  });

  test('a dialog keeps the page still, closes by Escape and beside it, and gives the focus back', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await panel.open('/places');
    const create = page.getByRole('button', { name: 'New namespace' });
    const dialog = page.getByRole('dialog');
    await create.click();
    await dialog.waitFor();
    await expect.poll(() => page.evaluate(() => getComputedStyle(document.documentElement).overflowY)).toBe('hidden');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.locator('button:focus').and(create).waitFor();
    await expect.poll(() => page.evaluate(() => getComputedStyle(document.documentElement).overflowY)).not.toBe('hidden');
    await create.click();
    await dialog.waitFor();
    await page.mouse.click(5, 400);
    await dialog.waitFor({ state: 'detached' });
    expect(panel.faults).toEqual([]);
  });

  test('tabs go by arrows, Home and End', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await panel.open('/settings');
    const tabs = page.getByRole('tab');
    await tabs.first().focus();
    await page.keyboard.press('ArrowLeft');
    await tabs.last().and(page.locator('[aria-selected=true]:focus')).waitFor();
    await page.keyboard.press('ArrowRight');
    await tabs.first().and(page.locator('[aria-selected=true]:focus')).waitFor();
    await page.keyboard.press('End');
    await tabs.last().and(page.locator('[aria-selected=true]:focus')).waitFor();
    await expect.poll(() => page.getByRole('tabpanel').getAttribute('aria-labelledby')).toBe(await tabs.last().getAttribute('id'));
    expect(panel.faults).toEqual([]);
  });
});

/** What has the focus, by its text. */
function focused(page: Page): Promise<string | undefined> {
  return page.evaluate(() => document.activeElement?.textContent?.trim());
}
