import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, hashOf, openBrowser, openPanel } from '../support/browser.ts';
import { openWorld, stamp, type World } from '../support/world.ts';

const WORDS = {
  en: { title: 'Calendar', week: 'Week', month: 'Month', collision: 'Most at once', forward: 'the clock goes forward by 1 h', folded: 'Every 10 seconds × 8,640' },
  'zh-CN': { title: '日程', week: '周', month: '月', collision: '最集中的一分钟', forward: '时钟拨快 1 h', folded: '× 8,640' },
} as const;
/** Far enough that the whole day is still to come. */
const DAY = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);

describe.skipIf(findChromium() === undefined)('the calendar', () => {
  let browser: Browser;
  let world: World;
  /** The one on which the runs were: a day may end while they are looked at. */
  let today: string;

  beforeAll(async () => {
    [browser, world] = await Promise.all([openBrowser(), openWorld()]);
    const app = await world.app();
    await world.job({ app, name: 'often', schedule: { expression: '@every 10s' }, maxRunning: 100 });
    await world.job({ app, name: 'morning', schedule: { expression: '0 8 * * *' } });
    await world.job({ app, name: 'early', schedule: { expression: '0 8 * * *' } });
    const ran = await world.job({ app, name: 'ran' });
    for (const status of ['success', 'fail']) {
      const taskId = await ran.start();
      await world.worker.answer(await ran.next(taskId), status);
      const { dispatchedAt } = await world.untilState(taskId, status === 'fail' ? 'failed' : 'completed');
      today = stamp(dispatchedAt).slice(0, 10);
    }
    await world.settled();
  });

  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  test.each(['en', 'zh-CN'] as const)('shows the plan of a day to come, folded where it is dense, in %s', async (language) => {
    await using panel = await openPanel(browser, world.program, { language });
    const { page } = panel;
    const words = WORDS[language];
    await panel.open(`/calendar?date=${DAY}`);
    await page.getByRole('heading', { level: 1, name: words.title }).waitFor();
    await page.getByText('Asia/Shanghai').first().waitFor();
    await page.locator('[data-lane=often]').getByText(words.folded).waitFor();
    await expect.poll(() => page.locator('[data-lane=morning] a').last().getAttribute('aria-label')).toContain('08:00');
    await page.locator('[data-collision]', { hasText: words.collision }).getByRole('link', { name: 'early' }).waitFor();

    await page.getByRole('button', { name: words.week, exact: true }).click();
    await page.locator('table tbody tr').nth(23).waitFor();
    await expect.poll(() => hashOf(page)).toContain('view=week');
    await page.getByRole('button', { name: words.month, exact: true }).click();
    await page.locator('table a').nth(27).waitFor();
    await page.locator(`table a[href*="date=${DAY}"]`).click();
    await page.locator('[data-lane=morning]').waitFor();
    await expect.poll(() => hashOf(page)).not.toContain('view=');
    expect(panel.faults).toEqual([]);
  });

  test('shows how the runs of today ended', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open(`/calendar?date=${today}`);
    const lane = page.locator('[data-lane=ran] a').last();
    await lane.waitFor();
    await expect.poll(() => lane.getAttribute('aria-label')).toContain('1 completed, 1 failed');
    await expect.poll(() => lane.getAttribute('href')).toMatch(/^#\/runs\?ns=\*&job=e2e\.app-1\.ran&from=/);
    await page.getByRole('group', { name: /^How runs of this day ended/ }).waitFor();
    await page.getByRole('searchbox', { name: 'Find a job' }).fill('ra');
    await page.locator('[data-lane=often]').waitFor({ state: 'detached' });
    await expect.poll(() => hashOf(page)).toContain('q=ra');
    await page.getByRole('searchbox', { name: 'Find a job' }).fill('no such job');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.locator('[data-lane=often]').waitFor();
    expect(panel.faults).toEqual([]);
  });

  test.each(['en', 'zh-CN'] as const)('flags the days on which the clock is changed, in %s', async (language) => {
    await using panel = await openPanel(browser, world.program, { language, zone: 'Europe/Berlin' });
    const { page } = panel;
    await panel.open('/calendar?date=2027-03-28');
    await page.locator('[data-dst="2027-03-28"]', { hasText: WORDS[language].forward }).waitFor();
    await page.getByRole('link', { name: language === 'en' ? 'The day after' : '后一天' }).click();
    await page.locator('[data-dst]').waitFor({ state: 'detached' });
    await expect.poll(() => hashOf(page)).toContain('date=2027-03-29');
    await panel.open('/calendar?date=2027-10-05&view=month');
    await page.locator('table a', { hasText: language === 'en' ? '25 h' : '25 小时' }).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('draws only the lanes that are seen of five hundred jobs', async () => {
    await using own = await openWorld();
    const app = await own.app();
    for (let start = 0; start < 500; start += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => own.job({ app, name: `job-${String(start + index).padStart(3, '0')}`, schedule: { expression: `${index} ${start / 50} * * *` } })));
    }
    await using panel = await openPanel(browser, own.program);
    const { page } = panel;
    await panel.open(`/calendar?date=${DAY}`);
    await page.getByRole('list', { name: '500 jobs' }).waitFor();
    await page.locator('[data-lane]').first().waitFor();
    await expect.poll(() => page.locator('[data-row]').count()).toBeLessThan(60);
    await page.mouse.move(700, 600);
    await page.mouse.wheel(0, 60_000);
    await page.locator('[data-lane=job-499]').waitFor();
    await expect.poll(() => page.locator('[data-row]').count()).toBeLessThan(60);
    expect(panel.faults).toEqual([]);
  });
});
