import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findBarriers } from '../support/axe.ts';
import { findChromium, openBrowser, openPanel } from '../support/browser.ts';
import { untilAvailable } from '../support/create.ts';
import { until } from '../support/until.ts';
import { openWorld, type World } from '../support/world.ts';

const WORDS = {
  en: { deeds: 'Pause or resume the scheduler', quarter: 'Pause the scheduler for 15 min', open: 'Pause the scheduler until resumed', resume: 'Resume the scheduler', left: /for another 14 min \d+ s/, finding: 'The scheduler is paused' },
  'zh-CN': { deeds: '暂停或恢复调度器', quarter: '暂停调度器 15 分钟', open: '暂停调度器，直到手动恢复', resume: '恢复调度器', left: /剩余 14 min \d+ s/, finding: '调度器已暂停' },
} as const;

describe.skipIf(findChromium() === undefined)('pausing the whole scheduler', () => {
  let browser: Browser;
  let world: World;

  beforeAll(async () => {
    [browser, world] = await Promise.all([openBrowser(), openWorld()]);
    await world.job({ name: 'nightly' });
  });
  beforeEach(() => untilAvailable(() => world.program.api.del('/scheduler/pause')));

  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  const pauseNow = async (): Promise<{ until: string | null } | null> => (await world.program.api.get('/scheduler/pause')).body.pause;
  const banner = (page: Page) => page.locator('[data-banner=paused]');

  test.each(['en', 'zh-CN'] as const)('from the overview, with the time that is left and a way to end it, in %s', async (language) => {
    await using panel = await openPanel(browser, world.program, { language, bypassPolicy: true });
    const { page } = panel;
    const words = WORDS[language];
    await panel.open('/');
    await page.locator('[data-live=live]').waitFor();
    await expect.poll(() => banner(page).count()).toBe(0);
    await page.getByRole('button', { name: words.deeds }).click();
    await expect.poll(() => page.getByRole('menuitem', { name: words.resume }).count()).toBe(0);
    const askedFrom = Date.now();
    await page.getByRole('menuitem', { name: words.quarter }).click();
    await banner(page).getByText(words.left).waitFor();
    const end = Date.parse((await pauseNow())!.until!);
    expect(end).toBeGreaterThanOrEqual(askedFrom + 900_000);
    expect(end).toBeLessThanOrEqual(Date.now() + 900_000);
    await page.reload();
    await banner(page).getByText(words.left).waitFor();
    await page.locator('[data-verdict=warn]', { hasText: words.finding }).waitFor();
    await expect.poll(() => findBarriers(page)).toEqual([]);
    await banner(page).getByRole('button', { name: words.resume }).click();
    await banner(page).waitFor({ state: 'detached' });
    await expect.poll(() => pauseNow()).toBeNull();
    expect(panel.faults).toEqual([]);
  });

  test('from the palette, on any page; others see it at once, and so does a change of theirs', async () => {
    await using panel = await openPanel(browser, world.program);
    await using other = await openPanel(browser, world.program, { theme: 'dark', width: 390, bypassPolicy: true });
    for (const { page } of [panel, other]) await (page === panel.page ? panel : other).open('/jobs').then(() => page.locator('[data-live=live]').waitFor({ state: 'attached' }));
    const { page } = panel;
    await page.keyboard.press('Control+k');
    await page.keyboard.type('pause until resumed');
    await page.getByRole('option', { name: WORDS.en.open }).click();
    for (const seen of [page, other.page]) await banner(seen).getByText('The scheduler is paused until somebody resumes it: nothing is sent.').waitFor();
    await expect.poll(() => pauseNow()).toMatchObject({ until: null });
    await expect.poll(() => findBarriers(other.page)).toEqual([]);
    await expect.poll(() => other.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await untilAvailable(() => world.program.api.put('/scheduler/pause', { until: new Date(Date.now() + 7_200_000).toISOString() }));
    await banner(page).getByText(/for another 1 h 59 min/).waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('resume the');
    await page.getByRole('option', { name: WORDS.en.resume }).click();
    for (const seen of [page, other.page]) await banner(seen).waitFor({ state: 'detached' });
    expect([...panel.faults, ...other.faults]).toEqual([]);
  });

  test('ends on the screen at its moment', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/runs');
    await page.locator('[data-live=live]').waitFor();
    // A busy machine may show it when it is over.
    await until(async () => {
      await world.program.api.put('/scheduler/pause', { until: new Date(Date.now() + 10_000).toISOString() });
      return banner(page).isVisible();
    }, { what: 'the pause to be seen' });
    await banner(page).waitFor({ state: 'detached', timeout: 60_000 });
    await until(async () => (await pauseNow()) === null);
    expect(panel.faults).toEqual([]);
  });

  test('says why when the server cannot do it', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page, context } = panel;
    await panel.open('/');
    await context.route('**/scheduler/pause', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', json: { type: '', title: '', status: 503, detail: 'NATS is away.', errors: [] } }));
    await page.getByRole('button', { name: WORDS.en.deeds }).click();
    await page.getByRole('menuitem', { name: WORDS.en.open }).click();
    await page.getByText('NATS is away.').waitFor();
    await expect.poll(() => banner(page).count()).toBe(0);
  });
});
