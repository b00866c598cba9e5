import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBarriers } from '../support/axe.ts';
import { findChromium, hashOf, openBrowser, openPanel } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type World } from '../support/world.ts';

const chromium = findChromium();
const BEAT = { ip: '10.1.2.3', comment: 'rack 7', weight: 40, capacity: 12, group: 'blue', machineCpuUsage: '31.5%', machineMemoryUsage: '62%', processCpuUsage: '3.5%', processMemoryRss: '48 MB' };

describe.skipIf(chromium === undefined)('the page of the workers', () => {
  let world: World;
  let browser: Browser;
  let app: string;

  beforeAll(async () => {
    world = await openWorld();
    browser = await openBrowser();
    app = await world.app();
    await world.beat(app, 'w-one', BEAT);
    await world.beat(app, 'w-two', { comment: 'spare' });
  });

  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  test.each(['en', 'zh-CN'] as const)('shows all a heartbeat tells, in %s', async (language) => {
    await using panel = await openPanel(browser, world.program, { language });
    const { page } = panel;
    await panel.open(`/workers?ns=${NAMESPACE}&app=${app}`);
    const row = page.locator(`[data-worker="${NAMESPACE}.${app}.w-one"]`);
    for (const text of ['w-one', 'rack 7', '10.1.2.3', 'blue', '40', '12', '3.5%', '48 MB', '31.5%', '62%', language === 'en' ? 'Drain' : '摘除']) await row.getByText(text, { exact: true }).waitFor();
    await row.getByRole('link', { name: 'w-one' }).click();
    const dialog = page.getByRole('dialog');
    for (const text of ['rack 7', '10.1.2.3', '12', '31.5%', '62%', language === 'en' ? 'First beat' : '首次心跳']) await dialog.getByText(text, { exact: true }).waitFor();
    await expect.poll(() => hashOf(page)).toContain('worker=');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(() => hashOf(page)).not.toContain('worker=');
    expect(panel.faults).toEqual([]);
  });

  test('filters by text, app and state, all in the address', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open(`/workers?ns=${NAMESPACE}`);
    await page.locator('[data-filter]').fill('spare');
    await page.getByText('w-one').waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'w-two' }).waitFor();
    await expect.poll(() => hashOf(page)).toContain('q=spare');
    await page.reload();
    await page.getByRole('link', { name: 'w-two' }).waitFor();
    await expect.poll(() => page.locator('[data-filter]').inputValue()).toBe('spare');
    await page.getByRole('group', { name: 'State' }).getByRole('button', { name: /^drained/ }).click();
    await page.getByText('No worker matches these filters').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('link', { name: 'w-one' }).waitFor();
    await page.getByLabel('App', { exact: true }).selectOption(app);
    await until(async () => (await hashOf(page)).includes(`app=${app}`));
    expect(panel.faults).toEqual([]);
  });

  test('drains a worker, undoes it, and the scheduler knows', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open(`/workers?ns=${NAMESPACE}&app=${app}`);
    await page.getByRole('button', { name: 'Drain w-one' }).click();
    await page.getByRole('button', { name: 'Put back w-one' }).waitFor();
    await expect.poll(() => isDrained('w-one')).toBe(true);
    await page.locator('[data-toast]').getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('button', { name: 'Drain w-one' }).waitFor();
    await expect.poll(() => isDrained('w-one')).toBe(false);
    expect(panel.faults).toEqual([]);
  });

  test('new beats arrive by themselves, and a silent worker turns late, then gone', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const own = await world.app();
    await panel.open(`/workers?ns=${NAMESPACE}&app=${own}`);
    const row = page.locator(`[data-worker="${NAMESPACE}.${own}.beating"]`);
    // It is up for a few seconds after a beat, and the page asks every few seconds.
    await until(async () => {
      await world.beat(own, 'beating', { processCpuUsage: '1%' });
      return row.getByText('up', { exact: true }).isVisible();
    }, { deadlineMs: 60_000, what: 'the worker to be up' });
    await world.beat(own, 'beating', { processCpuUsage: '77%' });
    await row.getByText('77%').waitFor();
    await row.locator('polyline').first().waitFor();
    // Late is what is neither fresh nor given up, which is over soon: the page is told so for as long as it has to see it.
    await page.route(/\/workers\?/, async (route) => {
      const response = await route.fetch();
      const body = await response.json();
      const lastSeenAt = new Date(Date.now() - 10_000).toISOString();
      await route.fulfill({ response, json: { ...body, items: body.items.map((worker: object) => ({ ...worker, live: true, lastSeenAt })) } });
    });
    await row.getByText('late', { exact: true }).waitFor();
    await page.unrouteAll({ behavior: 'wait' });
    await row.getByText('gone', { exact: true }).waitFor({ timeout: 60_000 });
    await row.getByRole('link', { name: '0' }).first().click();
    await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
    await expect.poll(() => hashOf(page)).toBe(`#/runs?ns=${NAMESPACE}&app=${own}&worker=beating&state=active`);
    expect(panel.faults).toEqual([]);
  });

  test.each([['en', 'light', 1280], ['zh-CN', 'dark', 390], ['en', 'dark', 320]] as const)('has no barriers and does not scroll sideways: %s %s %i', async (language, theme, width) => {
    await using panel = await openPanel(browser, world.program, { language, theme, width, bypassPolicy: true });
    const { page } = panel;
    await panel.open(`/workers?ns=${NAMESPACE}&app=${app}`);
    await page.getByRole('link', { name: 'w-one' }).waitFor();
    await expect.poll(() => findBarriers(page)).toEqual([]);
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await page.getByRole('link', { name: 'w-one' }).click();
    await page.getByRole('dialog').waitFor();
    await expect.poll(() => findBarriers(page)).toEqual([]);
  });

  async function isDrained(id: string): Promise<boolean> {
    const { body } = await world.program.api.get(`/workers?namespace=${NAMESPACE}&app=${app}`);
    return body.items.find((worker: { id: string }) => worker.id === id).drained;
  }
});
