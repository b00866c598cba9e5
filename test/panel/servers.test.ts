import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, hashOf, openBrowser, openPanel } from '../support/browser.ts';
import { startProgram, type TestProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { openWorld, type World } from '../support/world.ts';

const WORDS = {
  en: { own: 'This server', holds: 'What it holds', again: /^Again in \d+ s$/, workers: 'Workers of the namespace in view', machine: 'Machine', pid: 'Process ID' },
  'zh-CN': { own: '当前服务端', holds: '缓存与数据', again: /^\d+ 秒后刷新$/, workers: '当前命名空间的客户端', machine: '机器', pid: '进程号' },
} as const;

const CLUSTER = {
  en: { leader: 'leader', standby: 'standby', term: (term: number) => `term ${term}`, lag: 'Messages of the log that this server has not read yet', stepDown: 'Step down', refresh: 'Refresh' },
  'zh-CN': { leader: '主节点', standby: '备节点', term: (term: number) => `任期 ${term}`, lag: '该服务端尚未读取的日志消息数', stepDown: '让出主节点', refresh: '刷新' },
} as const;

interface Server {
  readonly id: string;
  readonly role: string;
  readonly term: number;
}

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
    await expect.poll(() => hashOf(page)).toContain(`server=${server.id}`);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(() => hashOf(page)).not.toContain('server=');
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
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const asked: string[] = [];
    page.on('request', (request) => { if (request.method() === 'POST') asked.push(request.url()); });
    await panel.open('/servers');
    await page.getByRole('button', { name: 'Step down' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('There is no other server').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    // Not by the term: a server that was held up for two seconds leads anew by itself.
    expect(asked).toEqual([]);
    const before = await termOf();
    await page.getByRole('button', { name: 'Step down' }).click();
    await dialog.getByRole('button', { name: 'Step down' }).click();
    await page.locator('[data-toast=ok]').waitFor();
    await until(async () => (await termOf()) > before, { what: 'a new term' });
    expect(panel.faults).toEqual([]);
  });

  test.each(['en', 'zh-CN'] as const)('shows all servers of a cluster with role, term and lag, and lets whichever leads step down from here, in %s', async (language) => {
    await using other = await startProgram({ env: { NATSJOB_NATS_URL: world.program.natsUrl, NATSJOB_NODE_ID: `other-${language}`, NATSJOB_TIMEZONE: 'Asia/Shanghai' } });
    const list = async (program: TestProgram): Promise<Server[]> => (await program.api.get('/servers')).body.items;
    /** Undefined while not both are known, or not one of them as the leader. */
    const cluster = async (): Promise<{ leader: Server; standby: Server } | undefined> => {
      const servers = await list(other);
      const [leader, another] = servers.filter(({ role }) => role === 'leader');
      const standby = servers.find(({ role }) => role === 'standby');
      return servers.length === 2 && leader && standby && !another ? { leader, standby } : undefined;
    };
    await until(cluster, { what: 'both to be listed' });
    await using panel = await openPanel(browser, other, { language });
    const { page } = panel;
    const words = CLUSTER[language];
    await panel.open('/servers');
    for (let round = 0; round < 2; round++) {
      const stepsDown = page.locator('tr', { has: page.getByRole('button', { name: words.stepDown }) });
      // A server that is held up for two seconds loses the lead: what is shown is held against what is so until both agree.
      const { leader, standby } = await until(async () => {
        const now = await until(cluster, { what: 'one to lead' });
        await Promise.all([page.waitForResponse(/\/api\/servers$/), page.getByRole('button', { name: words.refresh }).click()]);
        const isShown = async ({ id, term }: Server, role: string): Promise<boolean> => {
          const row = page.getByRole('row').filter({ hasText: id });
          const found = [row.getByText(role, { exact: true }), row.getByText(words.term(term), { exact: true }), row.getByTitle(words.lag).filter({ hasText: /^\d+$/ })];
          return (await Promise.all(found.map((one) => one.count()))).every((count) => count === 1);
        };
        return (await isShown(now.leader, words.leader)) && (await isShown(now.standby, words.standby)) && now;
      }, { deadlineMs: 60_000, what: 'the rows to show who leads' });
      await stepsDown.filter({ hasText: leader.id }).getByRole('button', { name: words.stepDown }).click();
      await page.getByRole('dialog').getByRole('button', { name: words.stepDown }).click();
      await page.locator('[data-toast=ok]').first().waitFor();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await until(async () => (await cluster())?.leader.id === standby.id, { deadlineMs: 60_000, what: 'the other one to lead' });
    }
    expect(panel.faults).toEqual([]);
  });
});
