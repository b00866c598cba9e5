import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, openBrowser, openPanel } from '../support/browser.ts';
import { create } from '../support/create.ts';
import { until } from '../support/until.ts';
import { openWorld, type World } from '../support/world.ts';

const WORDS = {
  en: { well: 'All is well', failing: '1 job keeps failing', running: 'Running now', next: 'Next up', attention: 'Needs attention', cluster: 'Cluster' },
  'zh-CN': { well: '一切正常', failing: '1 个任务连续失败', running: '正在执行', next: '即将触发', attention: '需要关注', cluster: '集群' },
} as const;

describe.skipIf(findChromium() === undefined)('the overview', () => {
  let browser: Browser;
  let world: World;

  beforeAll(async () => {
    [browser, world] = await Promise.all([openBrowser(), openWorld()]);
  });

  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  test.each(['en', 'zh-CN'] as const)('says that all is well, and then what is not, in %s', async (language) => {
    await using own = await openWorld();
    const job = await own.job({ name: 'invoice', maxRunning: 10 });
    await using panel = await openPanel(browser, own.program, { language });
    const { page } = panel;
    const words = WORDS[language];
    await panel.open('/');
    await page.locator('[data-verdict=ok]', { hasText: words.well }).waitFor();
    for (const name of [words.running, words.next, words.attention, words.cluster]) await page.getByRole('heading', { name, exact: true }).waitFor();
    for (let turn = 0; turn < 3; turn++) {
      const taskId = await job.start();
      await own.worker.answer(await job.next(taskId), { status: 'fail', reason: 'disk full' });
      await own.untilState(taskId, 'failed');
    }
    await page.locator('[data-verdict=bad]', { hasText: words.failing }).waitFor();
    const item = page.locator('[data-item=failing]');
    await item.getByText('disk full').waitFor();
    await expect.poll(() => item.getByRole('link').last().getAttribute('href')).toContain('state=failed%2Cexpired');
    await page.locator('[data-tile=failed]', { hasText: /3$/ }).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test.each(['en', 'zh-CN'] as const)('tells what became of the fires while nobody led, in %s', async (language) => {
    await using own = await openWorld();
    await own.job();
    await own.program.stop();
    const stoppedAt = Date.now();
    await until(() => Date.now() - stoppedAt > 6_000, { what: 'the gap to be one' });
    await own.program.restart();
    await until(async () => (await own.program.api.get('/overview')).body.lastGap !== null, { what: 'the gap to be known' });
    await using panel = await openPanel(browser, own.program, { language });
    await panel.open('/');
    await panel.page.locator('[data-gap=away]', { hasText: language === 'en' ? '0 fires caught up, 0 skipped' : '补发 0 次，跳过 0 次' }).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('leads from every number to the list it counts', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const job = await world.job({ maxRunning: 10 });
    await world.untilState(await job.start(), 'active');
    await panel.open('/');
    await page.locator('[data-tile=running]').waitFor();
    const hrefs: Record<string, string> = {};
    for (const tile of await page.locator('[data-tile]').all()) hrefs[(await tile.getAttribute('data-tile')) ?? ''] = (await tile.getAttribute('href')) ?? '';
    expect(Object.keys(hrefs).sort()).toEqual(['due', 'expired', 'failed', 'queued', 'run', 'running', 'skipped', 'success', 'wait', 'workers']);
    expect(hrefs).toMatchObject({ running: '#/runs?state=active', queued: '#/runs?state=waiting%2Cdelayed', due: '#/calendar', workers: '#/workers?state=up' });
    expect(hrefs['failed']).toMatch(/^#\/runs\?state=failed&from=/);
    expect(hrefs['skipped']).toMatch(/^#\/runs\?view=skips&from=/);
    const bars = page.getByRole('group', { name: /^Ended runs by hour/ }).getByRole('link');
    // They are read, while the numbers may be there by the feed already.
    await bars.last().waitFor();
    await expect.poll(() => bars.count()).toBe(25);
    await expect.poll(() => bars.first().getAttribute('href')).toMatch(/^#\/runs\?from=.*&to=/);
    await page.locator('[data-tile=running]').click();
    await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('shows what runs as it starts and ends, and cancels it after a question', async () => {
    const job = await world.job({ name: 'long', maxRunning: 5, timeoutMs: 600_000 });
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/');
    await page.locator('[data-verdict]').waitFor();
    const taskId = await job.start();
    const row = page.locator('tr[data-row]', { has: page.locator(`a[href="#/runs/${taskId}"]`) });
    await row.getByRole('meter').waitFor();
    await row.getByRole('button', { name: 'Cancel this run of long' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the run' }).click();
    // A toast stays for eight seconds.
    await page.locator('[data-toast=ok]').waitFor();
    await world.untilState(taskId, 'cancelled');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.mouse.move(2, 2);
    await page.locator('h1').first().focus();
    await row.waitFor({ state: 'detached' });
    expect(panel.faults).toEqual([]);
  });

  test('counts only the namespace in view, and offers the wizard where it has no job', async () => {
    await create(world.program.api, '/namespaces', { name: 'empty' });
    await world.job();
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/');
    await page.locator('[data-verdict]').waitFor();
    await page.getByRole('button', { name: /^Namespace in view/ }).click();
    await page.getByRole('button', { name: 'empty', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Your first job, step by step' }).waitFor();
    await page.getByRole('link', { name: 'Show the overview' }).click();
    await page.locator('[data-verdict]').waitFor();
    await page.locator('[data-tile=running]', { hasText: /0$/ }).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('counts down to the next fires and reads them again once they have come', async () => {
    const job = await world.job({ name: 'soon', schedule: { expression: '@every 3s' }, maxRunning: 100 });
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/');
    const line = page.getByRole('region', { name: 'Next up' }).getByRole('listitem').filter({ hasText: 'soon' });
    const firstAt = await line.locator('time').getAttribute('datetime');
    await expect.poll(() => line.locator('time').getAttribute('datetime')).not.toBe(firstAt);
    await job.change({ state: 'disabled' });
    expect(panel.faults).toEqual([]);
  });
});
