import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, openBrowser, openPanel } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type TestJob, type World } from '../support/world.ts';

/** A page that shows a run's state somewhere, and what it reads that from. */
interface Shown {
  readonly name: string;
  path(run: OpenRun): string;
  readonly asks: RegExp;
  /** Where the state is. */
  state(taskId: string): string;
}

interface OpenRun {
  readonly job: TestJob;
  readonly jobId: string;
  readonly taskId: string;
}

const PAGES: readonly Shown[] = [
  { name: 'the list of jobs', path: () => `/jobs?ns=${NAMESPACE}`, asks: /\/natsjob\/api\/jobs\?/, state: linkOf },
  { name: 'the list of runs', path: ({ job }) => `/runs?ns=*&job=${job.key}`, asks: /\/natsjob\/api\/runs\?/, state: (taskId) => `tr[data-row]:has(a[href*="runs/${taskId}"])` },
  { name: 'the page of a job', path: ({ jobId }) => `/jobs/${jobId}`, asks: /\/natsjob\/api\/jobs\/(?:\d+|recent-runs.*)$/, state: linkOf },
  { name: 'the page of a run', path: ({ taskId }) => `/runs/${taskId}`, asks: /\/natsjob\/api\/runs\/[^/?]+$/, state: () => 'header, main p' },
];

describe.skipIf(findChromium() === undefined)('what happens while a page is opened', () => {
  let world: World;
  let browser: Browser;

  beforeAll(async () => {
    [world, browser] = await Promise.all([openWorld(), openBrowser()]);
  });

  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  async function startRun(): Promise<OpenRun> {
    const job = await world.job({ timeoutMs: 600_000 });
    return { job, jobId: (await job.get()).id, taskId: await job.start() };
  }

  /** Resolves when the view shows it, so that it has been told, too. */
  async function end({ job, taskId }: OpenRun): Promise<void> {
    await world.worker.answer(await job.next(taskId), 'success');
    await until(async () => (await job.runs('state=completed')).length > 0, { what: 'the end in the view' });
  }

  const shows = (page: Page, { taskId }: OpenRun, { state }: Shown, word: 'running' | 'completed'): Promise<void> =>
    page.locator(state(taskId)).getByText(word, { exact: true }).first().waitFor();

  test.each(PAGES)('is on $name when the feed comes later than the page', async (shown) => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const run = await startRun();
    const feed = gate();
    await page.routeWebSocket(/\/live/, async (socket) => {
      await feed.promise;
      socket.connectToServer();
    });
    await panel.open(shown.path(run));
    await shows(page, run, shown, 'running');
    await panel.loaded();
    await end(run);
    feed.resolve();
    await page.locator('[data-live=live]').waitFor();
    await shows(page, run, shown, 'completed');
    expect(panel.faults).toEqual([]);
  });

  test('is told to whoever edits a job when the feed comes later than what somebody else has saved', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const job = await world.job();
    const feed = gate();
    await page.routeWebSocket(/\/live/, async (socket) => {
      await feed.promise;
      socket.connectToServer();
    });
    await panel.open(`/jobs/${(await job.get()).id}/edit`);
    await page.getByLabel('Description').fill('mine');
    await job.change({ description: 'theirs' });
    feed.resolve();
    await page.getByText('Somebody else has saved this job meanwhile').waitFor();
    await expect.poll(() => page.getByLabel('Description').inputValue()).toBe('mine');
    expect(panel.faults).toEqual([]);
  });

  test.each(PAGES)('is on $name when it is told before an older answer', async (shown) => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const run = await startRun();
    const told = gate();
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => {
      // Counts have that word, too.
      if (payload.includes(run.taskId) && payload.includes('"state":"completed"')) told.resolve();
    }));
    await panel.open('/settings');
    await page.locator('[data-live=live]').waitFor();
    const answered = gate();
    const older = gate();
    await page.route(shown.asks, async (route) => {
      const response = await route.fetch();
      answered.resolve();
      await older.promise;
      // The page may have given it up meanwhile.
      await route.fulfill({ response }).catch(() => {});
    });
    await page.evaluate((hash) => { location.hash = hash; }, `#${shown.path(run)}`);
    await answered.promise;
    await end(run);
    await told.promise;
    older.resolve();
    await shows(page, run, shown, 'completed');
    expect(panel.faults).toEqual([]);
  });
});

function linkOf(taskId: string): string {
  return `main a[href*="runs/${taskId}"]`;
}

/** A promise that is kept when the test says so. */
function gate(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((keep) => { resolve = keep; });
  return { promise, resolve };
}
