import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, hashOf, openBrowser, openPanel, type Panel } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { openWorld, type TestJob, type World } from '../support/world.ts';

const chromium = findChromium();

describe.skipIf(chromium === undefined)('the list of runs', () => {
  let world: World;
  let browser: Browser;
  let job: TestJob;
  let good: string;
  let bad: string;

  beforeAll(async () => {
    world = await openWorld();
    browser = await openBrowser();
    job = await world.job({ name: 'report', maxRunning: 20, timeoutMs: 600_000, args: { order: { id: 17 } } });
    good = await endedRun(job, { status: 'success', reason: '42 rows', clientId: 'worker-1' });
    bad = await endedRun(job, { status: 'fail', reason: 'the disk was full', monitorStatus: 'mail', clientId: 'worker-2' });
    await world.settled();
  });

  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  async function endedRun(of: TestJob, answer: Record<string, unknown>): Promise<string> {
    const taskId = await of.start();
    await world.worker.answer(await of.next(taskId), answer);
    await world.untilState(taskId, answer['status'] === 'success' ? 'completed' : 'failed');
    return taskId;
  }

  const row = ({ page }: Panel, taskId: string) => page.locator(`tr[data-row="${taskId}"]`);

  test.each([
    ['en', 'Runs', 'failed', 'No run matches the filters.'],
    ['zh-CN', '执行记录', '失败', '没有符合筛选条件的执行。'],
  ] as const)('shows, filters by the address and says when nothing matches, in %s', async (language, title, failed, nothing) => {
    await using panel = await openPanel(browser, world.program, { language });
    const { page } = panel;
    await panel.open('/runs?state=failed');
    await page.getByRole('heading', { name: title, level: 1 }).waitFor();
    await row(panel, bad).getByText(failed, { exact: true }).waitFor();
    await row(panel, bad).getByText('the disk was full').waitFor();
    await expect.poll(() => row(panel, good).count()).toBe(0);
    await panel.open('/runs?state=expired');
    await page.getByText(nothing).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('puts every filter into the address, and finds by args, reason and worker', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/runs');
    await row(panel, good).waitFor();
    await page.getByRole('button', { name: /^State/ }).click();
    await page.getByRole('checkbox', { name: 'completed' }).check();
    await row(panel, bad).waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await page.getByLabel('Job', { exact: true }).fill('report');
    await page.getByLabel('Job', { exact: true }).press('Enter');
    await page.getByRole('button', { name: 'More filters' }).click();
    await page.getByLabel('Args').fill('order.id:17');
    await page.getByLabel('Worker').fill('worker-1');
    await page.getByLabel('Part of the reason').fill('42');
    await page.getByLabel('Part of the reason').press('Enter');
    await page.waitForFunction(() => ['state=completed', 'job=report', 'args=order.id%3A17', 'worker=worker-1', 'reason=42'].every((part) => location.hash.includes(part)));
    await row(panel, good).waitFor();
    await expect.poll(() => page.locator('tr[data-row]').count()).toBe(1);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await row(panel, bad).waitFor();
    await expect.poll(() => hashOf(page)).not.toContain('reason');
    expect(panel.faults).toEqual([]);
  });

  test('a row changes where it stands, and new runs wait behind a button', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const open = await job.start();
    const message = await job.next(open);
    await panel.open('/runs?job=report');
    await row(panel, open).getByText('running').waitFor();
    await page.locator('[data-live=live]').waitFor();
    // The feed's first word lets the list be read again: that reading must not bring the next run.
    await panel.loaded();
    const first = await page.locator('tr[data-row]').first().getAttribute('data-row');
    const later = await job.start();
    await page.locator('[data-fresh]').getByText('1 new run').waitFor();
    await expect.poll(() => page.locator('tr[data-row]').first().getAttribute('data-row')).toBe(first);
    await world.worker.answer(message, { status: 'success', clientId: 'worker-9' });
    await row(panel, open).getByText('completed').waitFor();
    await page.locator('[data-fresh]').click();
    await row(panel, later).waitFor();
    await page.locator('[data-fresh]').waitFor({ state: 'detached' });
    await world.program.api.post(`/runs/${later}/cancel`);
    expect(panel.faults).toEqual([]);
  });

  test('cancels from the menu of a row, after asking', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const open = await job.start();
    await panel.open('/runs?job=report&state=active');
    await row(panel, open).locator('[data-row-menu]').click();
    await page.getByRole('menuitem', { name: 'Cancel' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).last().click();
    await page.getByText(`Run ${open} is cancelled.`).waitFor();
    expect((await world.run(open)).state).toBe('cancelled');
    expect(panel.faults).toEqual([]);
  });

  test('re-runs, also with other args', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const repeated = await world.job({ name: 'repeated', maxRunning: 5, args: { order: { id: 17 } } });
    const done = await endedRun(repeated, { status: 'success' });
    await panel.open('/runs?job=repeated');
    await row(panel, done).locator('[data-row-menu]').click();
    await page.getByRole('menuitem', { name: 'Re-run', exact: true }).click();
    expect((await repeated.next()).task.jobArgs).toBe('{"order":{"id":17}}');
    await row(panel, done).locator('[data-row-menu]').click();
    await page.getByRole('menuitem', { name: 'Re-run with other args …' }).click();
    await page.getByRole('dialog').getByLabel('Args', { exact: true }).fill('{"order":{"id":99}}');
    await page.getByRole('dialog').getByRole('button', { name: 'Run now' }).click();
    expect((await repeated.next()).task.jobArgs).toBe('{"order":{"id":99}}');
    expect(panel.faults).toEqual([]);
  });

  test('cancels many at once: the count first, then how it went', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const crowd = await world.job({ name: 'crowd', maxRunning: 10, timeoutMs: 600_000 });
    const ids = [await crowd.start(), await crowd.start(), await crowd.start()];
    await until(async () => (await crowd.runs('state=active')).length === 3);
    await panel.open('/runs?job=crowd&state=active');
    await row(panel, ids[0]!).getByRole('checkbox').check();
    await row(panel, ids[1]!).getByRole('checkbox').check();
    await page.getByText('2 selected').waitFor();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('dialog').getByText('2 runs are concerned.').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel 2 runs' }).click();
    await page.getByRole('dialog').getByText('2 runs are cancelled.').waitFor();
    for (const id of ids.slice(0, 2)) expect((await world.run(id)).state).toBe('cancelled');
    expect((await world.run(ids[2]!)).state).toBe('active');
    await page.keyboard.press('Escape');
    // What the filters match is counted in the view, which is written after the answer.
    await until(async () => (await crowd.runs('state=active')).length === 1);
    await page.getByRole('button', { name: 'All that match the filters' }).click();
    await page.getByRole('menuitem', { name: 'Cancel' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel 1 run' }).click();
    await page.getByRole('dialog').getByText('1 run is cancelled.').waitFor();
    expect((await world.run(ids[2]!)).state).toBe('cancelled');
    expect(panel.faults).toEqual([]);
  });

  test('remembers the columns chosen', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/runs');
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('checkbox', { name: 'Monitor status' }).check();
    await page.getByRole('columnheader', { name: 'Monitor status' }).waitFor();
    await page.reload();
    await page.getByRole('columnheader', { name: 'Monitor status' }).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test.each([
    ['en', 'Skipped fires', 'No live worker', 'See its workers', /1 fire was skipped\. Why did it not run\?/],
    ['zh-CN', '跳过记录', '无存活客户端', '查看客户端', /次触发被跳过，为什么没执行？/],
  ] as const)('leads from an empty list to why it did not run, in %s', async (language, tab, reason, act, why) => {
    await using panel = await openPanel(browser, world.program, { language });
    const { page } = panel;
    // Another one when the scheduler was held up and refused it for that.
    const lonely = await until(async () => {
      const made = await world.job({ model: 'pro' });
      return (await made.run()).body.reason === 'no-worker' && made;
    }, { what: 'a job to be refused for want of a worker' });
    await until(async () => (await lonely.skips()).length > 0);
    await panel.open(`/runs?job=${lonely.name}`);
    await page.getByRole('link', { name: why }).click();
    await page.getByRole('tab', { name: tab, selected: true }).waitFor();
    const line = page.locator('tr[data-row]').filter({ hasText: lonely.name });
    await line.getByText(reason).waitFor();
    await expect.poll(() => line.getByRole('link', { name: act }).getAttribute('href')).toContain(`app=${lonely.app}`);
    expect(panel.faults).toEqual([]);
  });
});
