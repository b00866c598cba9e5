import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBarriers } from '../support/axe.ts';
import { findChromium, hashOf, openBrowser, openPanel } from '../support/browser.ts';
import { untilAvailable } from '../support/create.ts';
import { NAMESPACE, openWorld, type World } from '../support/world.ts';

const chromium = findChromium();

describe.skipIf(chromium === undefined)('namespaces and apps', () => {
  let world: World;
  let browser: Browser;
  let app: string;

  beforeAll(async () => {
    world = await openWorld();
    browser = await openBrowser();
    const job = await world.job();
    app = job.app;
    await world.stayLive(app, 'counted');
  });

  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  test.each(['en', 'zh-CN'] as const)('shows both with their counts, each a link, in %s', async (language) => {
    await using panel = await openPanel(browser, world.program, { language });
    const { page } = panel;
    await panel.open(`/places?ns=${NAMESPACE}`);
    const row = page.locator(`[data-place="${app}"]`);
    await row.getByRole('link', { name: language === 'en' ? `1 jobs of ${app}` : `${app} 的 1 个任务`, exact: true }).waitFor();
    await row.getByRole('link', { name: language === 'en' ? `1 live workers of ${app}` : `${app} 的 1 个在线客户端` }).click();
    await page.getByText('counted').first().waitFor();
    await expect.poll(() => hashOf(page)).toBe(`#/workers?ns=${NAMESPACE}&app=${app}`);
    await page.goBack();
    await row.getByRole('link', { name: app, exact: true }).click();
    await page.getByRole('heading', { level: 1, name: language === 'en' ? 'Jobs' : '任务', exact: true }).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('makes, describes and deletes a namespace; the switch of the top bar knows', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/places');
    await page.getByRole('button', { name: 'New namespace' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('bad name!');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('dialog').locator('[id$=-error]').waitFor();
    await page.getByRole('textbox', { name: 'Name' }).fill('team-a');
    await page.getByLabel('Description').fill('first words');
    await page.getByRole('button', { name: 'Create' }).click();
    const row = page.locator('[data-place="team-a"]');
    await row.getByText('first words').waitFor();
    await page.getByRole('button', { name: /Namespace in view/ }).click();
    await page.getByRole('list', { name: 'Namespace in view' }).getByRole('button', { name: 'team-a' }).waitFor();
    await page.keyboard.press('Escape');

    await row.getByRole('button', { name: 'Edit team-a' }).click();
    await page.getByLabel('Description').fill('mine');
    const { body } = await world.program.api.get('/namespaces/team-a');
    await untilAvailable(() => world.program.api.patch('/namespaces/team-a', { description: 'theirs' }, { 'if-match': `"${body.version}"` }));
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').locator('[data-notice=warn]').getByText('theirs').waitFor();
    await expect.poll(() => page.getByLabel('Description').inputValue()).toBe('mine');
    await page.getByRole('button', { name: 'Save' }).click();
    await row.getByText('mine').waitFor();

    await row.getByRole('button', { name: 'Delete team-a' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('nothing else goes with it').waitFor();
    await expect.poll(() => dialog.getByRole('button', { name: 'Delete' }).isDisabled()).toBe(true);
    await dialog.getByLabel('Type team-a to confirm').fill('team-a');
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await row.waitFor({ state: 'detached' });
    expect((await world.program.api.get('/namespaces/team-a')).status).toBe(404);
    expect(panel.faults).toEqual([]);
  });

  test('makes an app, finds it, and says why one with jobs cannot go', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open(`/places?ns=${NAMESPACE}`);
    await page.getByRole('button', { name: 'New app' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('billing');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.locator('[data-place=billing]').waitFor();
    expect((await world.program.api.get(`/namespaces/${NAMESPACE}/apps/billing`)).status).toBe(200);
    await page.locator('[data-filter]').fill('bill');
    await page.locator(`[data-place="${app}"]`).waitFor({ state: 'detached' });
    await expect.poll(() => hashOf(page)).toContain('q=bill');
    await page.locator('[data-filter]').fill('');
    await page.getByRole('button', { name: `Delete ${app}` }).click();
    await page.getByRole('dialog').getByText('It has 1 job.').waitFor();
    await expect.poll(() => page.getByRole('dialog').getByRole('button', { name: 'Delete' }).count()).toBe(0);
    await page.getByRole('dialog').getByRole('link', { name: 'Show the jobs' }).waitFor();
    await page.keyboard.press('Escape');
    await panel.open('/places?ns=app');
    await expect.poll(() => page.locator('[data-place=app]').getByRole('button', { name: 'The default namespace cannot be deleted' }).isDisabled()).toBe(true);
    await page.locator(`[data-place="${NAMESPACE}"]`).getByRole('link', { name: NAMESPACE, exact: true }).click();
    await page.getByRole('heading', { name: `Apps of ${NAMESPACE}` }).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test.each([['en', 'light', 1280], ['zh-CN', 'dark', 390], ['en', 'dark', 320]] as const)('has no barriers and does not scroll sideways: %s %s %i', async (language, theme, width) => {
    await using panel = await openPanel(browser, world.program, { language, theme, width, bypassPolicy: true });
    const { page } = panel;
    await panel.open(`/places?ns=${NAMESPACE}`);
    await page.locator(`[data-place="${app}"]`).waitFor();
    await expect.poll(() => findBarriers(page)).toEqual([]);
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await page.locator(`[data-place="${app}"] [data-action=edit]`).click();
    await page.getByRole('dialog').waitFor();
    await expect.poll(() => findBarriers(page)).toEqual([]);
  });
});
