import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, openBrowser, openPanel } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { openWorld, type World } from '../support/world.ts';

const WORDS = {
  en: { own: 'This server', holds: 'What it holds', again: /^Again in \d+ s$/, workers: 'Workers of the namespace in view', machine: 'Machine', pid: 'Process ID' },
  'zh-CN': { own: '当前服务端', holds: '缓存与数据', again: /^\d+ 秒后刷新$/, workers: '当前命名空间的客户端', machine: '机器', pid: '进程号' },
} as const;

describe.skipIf(findChromium() === undefined)('the screen of the servers', () => {
  let browser: Browser;
  let world: World;

  beforeAll(async () => {
    [browser, world] = await Promise.all([openBrowser(), openWorld()]);
  });

  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  test.each(['en', 'zh-CN'] as const)('shows everything that is known of a server, in %s', async (language) => {
    const app = await world.app();
    await world.beat(app, 'one');
    const { body: { items: [server] } } = await world.program.api.get('/servers');
    await using panel = await openPanel(browser, world.program, { language });
    const { page } = panel;
    const words = WORDS[language];
    await panel.open('/servers');
    await page.getByRole('heading', { name: words.own }).waitFor();
    await page.getByRole('heading', { name: words.holds }).waitFor();
    const main = page.locator('main');
    for (const value of [server.ip, server.id, server.natsUrl, server.version]) await main.getByText(value, { exact: true }).first().waitFor();
    await page.locator('[data-countdown]').filter({ hasText: words.again }).waitFor();
    await page.getByRole('region', { name: words.workers }).getByRole('link', { name: app, exact: true }).waitFor();

    await main.getByRole('row').getByRole('link', { name: server.host }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('heading', { name: words.machine }).waitFor();
    await dialog.locator('div', { has: page.locator('dt', { hasText: words.pid }) }).last().getByText(String(server.pid)).waitFor();
    for (const value of [server.arch, String(server.cpuCount)]) await dialog.getByText(value, { exact: true }).first().waitFor();
    expect(page.url()).toContain(`server=${server.id}`);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(page.url()).not.toContain('server=');
    expect(panel.faults).toEqual([]);
  });

  test('reads again when asked, and stands still while live updates are paused', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/servers');
    await page.locator('[data-countdown]').waitFor();
    const asked = page.waitForResponse((response) => response.url().endsWith('/natsjob/api/servers'));
    await page.getByRole('button', { name: 'Refresh' }).click();
    expect((await asked).status()).toBe(200);
    await page.getByRole('button', { name: 'Pause live updates' }).click();
    await page.locator('[data-countdown]').filter({ hasText: 'Paused' }).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('lets the leader step down once it is confirmed', async () => {
    const termOf = async (): Promise<number> => (await world.program.api.get('/servers')).body.items[0].term;
    await until(async () => (await world.program.api.get('/servers')).body.items[0].role === 'leader', { what: 'the server to lead' });
    const before = await termOf();
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/servers');
    await page.getByRole('button', { name: 'Step down' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('There is no other server').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await termOf()).toBe(before);
    await page.getByRole('button', { name: 'Step down' }).click();
    await dialog.getByRole('button', { name: 'Step down' }).click();
    await page.locator('[data-toast=ok]').waitFor();
    await until(async () => (await termOf()) > before, { deadlineMs: 30_000, what: 'a new term' });
    expect(panel.faults).toEqual([]);
  });
});
