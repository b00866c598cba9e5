import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBarriers } from '../support/axe.ts';
import { findChromium, hashOf, openBrowser, openPanel } from '../support/browser.ts';
import { startProgram, type TestProgram } from '../support/program.ts';

const chromium = findChromium();
const TABS = ['general', 'connection', 'database', 'retention', 'security', 'all', 'about'];

describe.skipIf(chromium === undefined)('the settings', () => {
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

  test('general ones act at once and are remembered', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await panel.open('/settings');
    await choose(page, 'Density', 'Compact');
    await choose(page, 'Clock', '12 h');
    await choose(page, 'Rows on a page', '20');
    await choose(page, 'Time zone of what is shown', 'UTC');
    await page.getByText(/Now it is .* [AP]M/).waitFor();
    await page.getByRole('group', { name: 'Colour' }).getByRole('button', { name: 'teal' }).click();
    await page.getByRole('switch', { name: 'Single-key shortcuts' }).click();
    await choose(page, 'Language', '简体中文');
    await page.getByRole('heading', { name: '设置', level: 1 }).waitFor();
    await choose(page, '主题', '深色');
    await page.reload();
    await page.getByRole('heading', { name: '设置', level: 1 }).waitFor();
    await expect.poll(() => page.evaluate(() => ({ ...document.documentElement.dataset }))).toMatchObject({ theme: 'dark', density: 'compact', accent: 'teal' });
    await expect.poll(() => page.evaluate(() => ['clock', 'pageSize', 'zone', 'shortcuts'].map((name) => localStorage.getItem(`natsjob.${name}`)))).toEqual(['"12"', '20', '"utc"', 'false']);
    expect(panel.faults).toEqual([]);
  });

  test('tests the connection, and tells address and state', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await panel.open('/settings?tab=connection');
    await page.getByText('connected', { exact: true }).waitFor();
    await page.getByText(/nats:\/\/127\.0\.0\.1:\d+/).waitFor();
    await page.getByRole('button', { name: 'Test the connection' }).click();
    await page.locator('[data-ping]').getByText(/Answered in [\d.]+ ms/).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('backs the database up', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await panel.open('/settings?tab=database');
    await page.getByText('No backup yet').waitFor();
    await page.getByRole('button', { name: 'Back up now' }).click();
    await page.locator('[data-backup]').first().waitFor();
    const { body } = await program.api.get('/database');
    expect(body.backups).toHaveLength(1);
    await page.locator('[data-backup]').getByText(body.backups[0].name).waitFor();
    await page.getByRole('link', { name: '24 hours' }).click();
    await page.locator('[data-retention]').getByText('24 hours').waitFor();
    await page.getByText('NATSJOB_JOB_RESULT_EXPIRE_HOURS=24').waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('says that a password given by a setting is changed there', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await panel.open('/settings?tab=security');
    await fill(page, 'a password of this test', 'short', 'other');
    await page.getByText('The two do not agree.').waitFor();
    await fill(page, 'a password of this test', 'long enough now', 'long enough now');
    await page.getByText('The password is given by a setting').waitFor();
    await page.getByText(/NATSJOB_LOGIN_PWD/).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('changes the password, which ends other sessions, and ends them by hand, too', async () => {
    await using own = await startProgram({ env: { NATSJOB_LOGIN_USER: '', NATSJOB_LOGIN_PWD: '' } });
    await using panel = await openPanel(browser, own, { loggedIn: false });
    await using other = await openPanel(browser, own, { loggedIn: false });
    const { page } = panel;
    await panel.open('/settings?tab=security');
    await logIn(page, 'natsjob');
    await page.locator('[data-banner=password]').waitFor();
    await other.open('/');
    await logIn(other.page, 'natsjob');
    await other.page.locator('[data-live=live]').waitFor();
    await fill(page, 'not it', 'long enough now', 'long enough now');
    await page.getByText('This is not the current password.').waitFor();
    await fill(page, 'natsjob', 'long enough now', 'long enough now');
    await page.getByText('The password is changed.').waitFor();
    await page.locator('[data-banner=password]').waitFor({ state: 'detached' });
    await other.page.locator('[data-trouble=ended]').waitFor();
    await logIn(other.page, 'long enough now');
    await other.page.locator('[data-live=live]').waitFor();
    await page.getByRole('button', { name: 'End all other sessions' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'End all other sessions' }).click();
    await other.page.locator('[data-trouble=ended]').waitFor();
    await page.locator('[data-live=live]').waitFor();
    expect([...panel.faults, ...other.faults]).toEqual([]);
  });

  test.each(['en', 'zh-CN'] as const)('lists all settings with their sources, in %s', async (language) => {
    await using panel = await openPanel(browser, program, { language });
    const { page } = panel;
    await panel.open('/settings?tab=all');
    const row = page.locator('[data-setting=NATSJOB_LOGIN_PWD]');
    await row.getByText('******').waitFor();
    await row.getByText(language === 'en' ? 'environment NATSJOB_LOGIN_PWD' : '环境变量 NATSJOB_LOGIN_PWD').waitFor();
    await page.locator('[data-setting=NATSJOB_LOG_LEVEL]').waitFor();
    await page.locator('[data-filter]').fill('HTTP_PORT');
    await row.waitFor({ state: 'detached' });
    await page.locator('[data-setting=NATSJOB_HTTP_PORT]').waitFor();
    await expect.poll(() => hashOf(page)).toContain('q=HTTP_PORT');
    expect(panel.faults).toEqual([]);
  });

  test('tells the version and hands out the diagnostics', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await panel.open('/settings?tab=about');
    await page.locator('[data-check=ok]').first().waitFor();
    const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download as JSON' }).click()]);
    const content = JSON.parse(readFileSync(await saved.path(), 'utf8'));
    expect(content).toMatchObject({ node: expect.any(String), checks: expect.any(Array) });
    expect(saved.suggestedFilename()).toMatch(/^natsjob-diagnostics-.*\.json$/);
    expect(panel.faults).toEqual([]);
  });

  test.each([['en', 'light', 1280], ['zh-CN', 'dark', 390], ['en', 'dark', 320]] as const)('no tab has barriers or scrolls sideways: %s %s %i', async (language, theme, width) => {
    await using panel = await openPanel(browser, program, { language, theme, width, bypassPolicy: true });
    const { page } = panel;
    for (const tab of TABS) {
      await panel.open(`/settings?tab=${tab}`);
      // The page is the same one: its tab comes later than its address.
      await page.locator(`[role=tab][aria-selected=true][id$="-${tab}"]`).waitFor();
      await panel.loaded();
      await expect.poll(async () => ({ tab, barriers: await findBarriers(page) })).toEqual({ tab, barriers: [] });
      expect({ tab, fits: await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth) }).toEqual({ tab, fits: true });
    }
  });
});

async function choose(page: Page, group: string, option: string): Promise<void> {
  await page.getByRole('main').getByRole('group', { name: group, exact: true }).getByRole('button', { name: option, exact: true }).click();
}

async function fill(page: Page, current: string, next: string, again: string): Promise<void> {
  await page.locator('input[name=current]').fill(current);
  await page.locator('input[name=next]').fill(next);
  await page.locator('input[name=again]').fill(again);
  await page.locator('form button[type=submit]').click();
}

async function logIn(page: Page, password: string): Promise<void> {
  await page.locator('input[name=username]').fill('natsjob');
  await page.locator('input[name=password]').fill(password);
  await page.locator('button[type=submit]').click();
}
