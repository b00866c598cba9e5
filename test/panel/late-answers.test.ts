import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findChromium, hashOf, openBrowser, openPanel } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { openWorld, type World } from '../support/world.ts';

/** What comes by another way, or by the person's hand, while an answer is on its way. */
describe.skipIf(findChromium() === undefined)('an answer that comes late', () => {
  let browser: Browser;
  let world: World;

  beforeAll(async () => {
    [browser, world] = await Promise.all([openBrowser(), openWorld()]);
  });
  beforeEach(() => world.program.api.del('/scheduler/pause'));

  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  test('does not end the session that was begun meanwhile', async () => {
    await using panel = await openPanel(browser, world.program, { loggedIn: false });
    const { page } = panel;
    const logIn = async (): Promise<void> => {
      await page.locator('input[name=username]').fill('tester');
      await page.locator('input[name=password]').fill('a password of this test');
      await page.locator('button[type=submit]').click();
      await page.locator('[data-live=live]').waitFor();
    };
    await panel.open('/settings');
    await logIn();
    // The body of the refusal takes longer than its head.
    await page.evaluate(() => {
      const read = Response.prototype.json;
      Response.prototype.json = function (this: Response) {
        if (this.status !== 401 || !this.url.endsWith('/me')) return read.call(this);
        return new Promise((resolve) => {
          Object.assign(globalThis, { release: async () => resolve(await read.call(this)) });
        });
      };
    });
    const token = await page.evaluate(() => sessionStorage.getItem('natsjob.token'));
    expect((await world.program.api.post('/logout', {}, { authorization: `Bearer ${token}` })).status).toBe(204);
    await page.locator('[data-trouble=ended]').waitFor();
    await page.waitForFunction(() => 'release' in globalThis);
    await logIn();
    await page.evaluate(() => (globalThis as unknown as { release(): Promise<void> }).release());
    await twoFrames(page);
    expect(await page.evaluate(() => sessionStorage.getItem('natsjob.token'))).not.toBeNull();
    expect(await page.locator('[data-live=live]').count()).toBe(1);
    expect(panel.faults).toEqual([]);
  });

  test('does not take away a pause that the feed told of', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const answer = await hold(page, /\/scheduler\/pause$/);
    await panel.open('/settings');
    await answer.held;
    const banner = page.locator('[data-banner=paused]');
    await until(async () => {
      await world.program.api.put('/scheduler/pause', {});
      return banner.isVisible();
    });
    await answer.release();
    expect(await banner.count()).toBe(1);
    await world.program.api.del('/scheduler/pause');
    await banner.waitFor({ state: 'detached' });
    expect(panel.faults).toEqual([]);
  });

  test('does not show a run as open that was told to have ended, and counts one that began', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const job = await world.job({ name: 'told', maxRunning: 5 });
    const taskId = await job.start();
    const message = await job.next(taskId);
    await world.untilState(taskId, 'active');
    const told: string[] = [];
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => told.push(String(payload))));
    await panel.open('/settings');
    await page.locator('[data-live=live]').waitFor();
    const answer = await hold(page, /\/runs\?.*job=told/);
    await panel.open('/runs?job=told');
    await answer.held;
    const later = await job.start();
    await world.worker.answer(message, 'success');
    await until(() => [later, 'completed'].every((text) => told.some((frame) => frame.includes(text))), { what: 'the feed to tell of both' });
    await answer.release();
    const row = page.locator(`tr[data-row="${taskId}"]`);
    await row.getByText('completed', { exact: true }).waitFor();
    await page.locator('[data-fresh]').getByText('1 new run').waitFor();
    await world.worker.answer(await job.next(later), 'success');
    expect(panel.faults).toEqual([]);
  });

  test('does not change what Enter chooses in the palette', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await world.job({ name: 'dark-matter' });
    await panel.open('/settings');
    const answer = await hold(page, /\/jobs\?.*q=dark/);
    await page.keyboard.press('Control+k');
    await page.locator('[data-palette]').getByRole('combobox').fill('dark');
    const chosen = page.locator('[data-palette]').getByRole('option', { selected: true });
    await chosen.getByText('Theme: Dark').waitFor();
    await answer.release();
    await page.getByRole('option', { name: /dark-matter/ }).waitFor();
    await chosen.getByText('Theme: Dark').waitFor();
    await page.keyboard.press('Enter');
    await until(() => page.evaluate(() => document.documentElement.dataset.theme === 'dark'));
    expect(await hashOf(page)).toBe('#/settings');
    expect(panel.faults).toEqual([]);
  });

  test('that is cut off is told like none', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/settings');
    await page.route(/\/workers(\?|$)/, (route) => route.fulfill({ status: 200, contentType: 'application/json', body: '{"items":[{"id":' }), { times: 1 });
    await panel.open('/workers');
    await page.getByRole('button', { name: 'Try again' }).first().waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('of a filter does not hold back whoever leaves the page', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/settings?tab=all');
    await page.locator('[data-filter]').waitFor();
    await page.evaluate(() => {
      const filter = document.querySelector<HTMLInputElement>('[data-filter]')!;
      filter.value = 'HTTP';
      filter.dispatchEvent(new Event('input', { bubbles: true }));
      location.hash = '#/workers';
      filter.dispatchEvent(new Event('change', { bubbles: true }));
    });
    await page.locator('[data-page="/workers"]').waitFor();
    expect(await hashOf(page)).toMatch(/^#\/workers/);
    expect(panel.faults).toEqual([]);
  });
});

/** The next answer of that address is on its way until it is released. */
async function hold(page: Page, address: RegExp): Promise<{ readonly held: Promise<void>; release(): Promise<void> }> {
  let begin = (): void => {};
  let end = (): void => {};
  const held = new Promise<void>((resolve) => { begin = resolve; });
  const released = new Promise<void>((resolve) => { end = resolve; });
  await page.route(address, async (route) => {
    const response = await route.fetch();
    begin();
    await released;
    await route.fulfill({ response });
  }, { times: 1 });
  return {
    held,
    async release() {
      await held;
      const finished = page.waitForEvent('requestfinished', (request) => address.test(request.url()));
      end();
      await finished;
      await twoFrames(page);
    },
  };
}

async function twoFrames(page: Page): Promise<void> {
  for (let frame = 0; frame < 2; frame++) await page.evaluate(() => new Promise(requestAnimationFrame));
}
