import type { Browser, Page, Request, WebSocketRoute } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findChromium, hashOf, openBrowser, openPanel } from '../support/browser.ts';
import { untilAvailable } from '../support/create.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type World } from '../support/world.ts';

/** What comes by another way, or by the person's hand, while an answer is on its way. */
describe.skipIf(findChromium() === undefined)('an answer that comes late', () => {
  let browser: Browser;
  let world: World;

  beforeAll(async () => {
    [browser, world] = await Promise.all([openBrowser(), openWorld()]);
  });
  beforeEach(() => untilAvailable(() => world.program.api.del('/scheduler/pause')));

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

  test('about who one is does not take the page away when the server cannot give it for a moment', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const sockets: WebSocketRoute[] = [];
    await page.routeWebSocket(/\/live/, (socket) => {
      socket.connectToServer();
      sockets.push(socket);
    });
    await panel.open('/jobs/new');
    await page.locator('[data-live=live]').waitFor();
    await page.getByLabel('Description').fill('long words');
    await page.route(/\/api\/me$/, (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', json: { type: '', title: '', status: 503, detail: '', errors: [] } }));
    const asked = page.waitForResponse(/\/api\/me$/);
    // As when the token came too late, or the server begins and does not know its sessions yet.
    await sockets[0]!.close({ code: 4401, reason: '' });
    await asked;
    await twoFrames(page);
    expect(await page.getByLabel('Description').inputValue()).toBe('long words');
    await page.locator('[data-live=live]').waitFor();
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
    await untilAvailable(() => world.program.api.del('/scheduler/pause'));
    await banner.waitFor({ state: 'detached' });
    expect(panel.faults).toEqual([]);
  });

  test('does not show a run as open that was told to have ended, and counts one that began', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const job = await world.job({ name: 'told', maxRunning: 5, timeoutMs: 600_000 });
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
    // Counts have that word, too.
    await until(() => [later, '"state":"completed"'].every((text) => told.some((frame) => frame.includes(text))), { what: 'the feed to tell of both' });
    await answer.release();
    const row = page.locator(`tr[data-row="${taskId}"]`);
    await row.getByText('completed', { exact: true }).waitFor();
    await page.locator('[data-fresh]').getByText('1 new run').waitFor();
    await world.worker.answer(await job.next(later), 'success');
    expect(panel.faults).toEqual([]);
  });

  test('does not count an old run as a new one because it changed meanwhile', async () => {
    await using panel = await openPanel(browser, world.program, { remembered: { pageSize: 10 } });
    const { page } = panel;
    const job = await world.job({ name: 'many', maxRunning: 20, timeoutMs: 600_000 });
    const oldest = await job.start();
    const message = await job.next(oldest);
    for (let count = 0; count < 10; count++) await job.start();
    await until(async () => (await job.runs()).length === 11, { what: 'the runs in the view' });
    const told: string[] = [];
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => told.push(String(payload))));
    await panel.open('/runs?job=many');
    await page.locator('tr[data-row]').nth(9).waitFor();
    await page.locator('[data-live=live]').waitFor();
    await panel.loaded();
    await job.start();
    await page.locator('[data-fresh]').waitFor();
    const answer = await hold(page, /\/runs\?.*job=many/);
    await page.locator('[data-fresh]').click();
    await answer.held;
    await world.worker.answer(message, 'success');
    await until(() => told.some((frame) => frame.includes(oldest) && frame.includes('"state":"completed"')), { what: 'the feed to tell of the end' });
    await answer.release();
    await page.locator('[data-fresh]').waitFor({ state: 'detached' });
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

  test('does not take back what was done here meanwhile', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const job = await world.job({ name: 'switched', maxRunning: 5, timeoutMs: 600_000 });
    await panel.open(`/jobs/${(await job.get()).id}`);
    await page.locator('[data-live=live]').waitFor();
    await panel.loaded();
    const answer = await hold(page, /\/api\/jobs\/\d+$/);
    // The page reads the job again when it is told of a run.
    await job.start();
    await answer.held;
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('button', { name: 'Enable', exact: true }).waitFor();
    await answer.release();
    expect(await page.getByRole('button', { name: 'Enable', exact: true }).count()).toBe(1);
    expect(panel.faults).toEqual([]);
  });

  test('does not let the workers be none because one is told of first', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const app = await world.app();
    await world.stayLive(app, 'known');
    const told: string[] = [];
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => told.push(String(payload))));
    await panel.open('/settings');
    await page.locator('[data-live=live]').waitFor();
    const answer = await holdAll(page, /\/workers\?/);
    await panel.open(`/workers?ns=${NAMESPACE}&app=${app}`);
    await answer.held;
    await world.stayLive(app, 'told');
    await until(() => told.some((frame) => frame.includes('"workers"') && frame.includes('"told"')), { what: 'the feed to tell of the worker' });
    await twoFrames(page);
    expect(await page.getByText(/^No worker /).count()).toBe(0);
    await answer.release();
    for (const id of ['known', 'told']) await page.getByRole('link', { name: id, exact: true }).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('that is cut off is told like none', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/settings');
    await page.route(/\/workers(\?|$)/, (route) => route.fulfill({ status: 200, contentType: 'application/json', body: '{"items":[{"id":' }));
    await panel.open('/workers');
    await page.getByRole('button', { name: 'Try again' }).first().waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('of a page that was left meanwhile does not take the next one away', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/jobs');
    let fail = (): void => {};
    const failing = new Promise<void>((resolve) => { fail = resolve; });
    let begin = (): void => {};
    const asked = new Promise<void>((resolve) => { begin = resolve; });
    await page.route(/\/assets\/further-.*\.js$/, async (route) => {
      begin();
      await failing;
      await route.abort();
    });
    await page.evaluate(() => { location.hash = '#/workers'; });
    await asked;
    await panel.open('/runs');
    const failed = page.waitForEvent('requestfailed', (request) => /\/further-/.test(request.url()));
    fail();
    await failed;
    await twoFrames(page);
    expect(await page.getByRole('heading', { name: 'Runs', level: 1 }).count()).toBe(1);
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

interface Held {
  readonly held: Promise<void>;
  /** Resolves when the page has it, or has given it up before. */
  release(): Promise<void>;
}

/** The next answer of that address is on its way until it is released. */
function hold(page: Page, address: RegExp): Promise<Held> {
  return holdAll(page, address, 1);
}

/** The same with so many of them, or all. */
async function holdAll(page: Page, address: RegExp, times = Infinity): Promise<Held> {
  let begin = (): void => {};
  let end = (): void => {};
  const held = new Promise<void>((resolve) => { begin = resolve; });
  const released = new Promise<void>((resolve) => { end = resolve; });
  const over: Promise<unknown>[] = [];
  await page.route(address, async (route) => {
    const isThis = (request: Request): boolean => request === route.request();
    over.push(Promise.race((['requestfinished', 'requestfailed'] as const).map((event) => page.waitForEvent(event as 'requestfinished', { predicate: isThis, timeout: 0 }).catch(() => {}))));
    const response = await route.fetch();
    begin();
    await released;
    // The page may have given it up meanwhile.
    await route.fulfill({ response }).catch(() => {});
  }, times === Infinity ? {} : { times });
  return {
    held,
    async release() {
      await held;
      end();
      await Promise.all(over);
      await twoFrames(page);
    },
  };
}

async function twoFrames(page: Page): Promise<void> {
  for (let frame = 0; frame < 2; frame++) await page.evaluate(() => new Promise(requestAnimationFrame));
}
