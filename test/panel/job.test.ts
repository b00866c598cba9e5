import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, openBrowser, openPanel } from '../support/browser.ts';
import { untilAvailable } from '../support/create.ts';
import { until } from '../support/until.ts';
import { openWorld, type TestJob, type World } from '../support/world.ts';

const chromium = findChromium();

describe.skipIf(chromium === undefined)('the page of one job', () => {
  let world: World;
  let browser: Browser;

  beforeAll(async () => {
    world = await openWorld();
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  const idOf = async (job: TestJob): Promise<string> => (await job.get()).id;

  test.each([
    ['en', 'Next fires', 'Would it run now?', 'Yes: it would run at once.', 'Every 5 minutes', 'The last 90 days', 'Timeout'],
    ['zh-CN', '接下来的触发', '现在会执行吗？', '会：立即执行。', '每隔 5 分钟', '最近 90 天', '超时'],
  ] as const)('sums up the job in %s', async (language, fires, would, yes, words, heat, timeout) => {
    await using panel = await openPanel(browser, world.program, { language });
    const { page } = panel;
    // It may fire meanwhile.
    const job = await world.job({ maxRunning: 10, schedule: { expression: '0 */5 * * * *', timezone: 'America/New_York' }, timeoutMs: 90_000, description: 'Every five minutes.' });
    const taskId = await job.start();
    await world.worker.answer(await job.next(taskId), 'success');
    await world.untilState(taskId, 'completed');
    await world.settled();
    await panel.open(`/jobs/${await idOf(job)}`);
    await page.getByRole('heading', { name: job.name, level: 1 }).waitFor();
    await page.getByText(words).first().waitFor();
    await page.getByRole('region', { name: fires }).locator('[data-fires] li').nth(9).waitFor();
    await until(async () => (await page.locator('[data-fires] time').first().getAttribute('datetime')) === (await job.get()).nextFireAt, { what: 'the next fire to be the first one named' });
    await page.getByRole('region', { name: would }).getByText(yes).waitFor();
    await page.getByText(timeout, { exact: true }).first().waitFor();
    await page.getByText('1 min 30 s').waitFor();
    await page.getByRole('region', { name: heat }).getByRole('link').last().waitFor();
    await page.locator('[data-plot] path[d^=M]').first().waitFor({ state: 'attached' });
    expect(panel.faults).toEqual([]);
  });

  test('runs it: started leads to the run, refused says why with the gates', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const job = await world.job({ maxRunning: 1, timeoutMs: 600_000 });
    await panel.open(`/jobs/${await idOf(job)}`);
    await page.getByRole('button', { name: 'Run now' }).click();
    const { task } = await job.next();
    await page.getByRole('button', { name: 'Open the run' }).click();
    await page.getByRole('heading', { name: `Run ${task.taskId}` }).waitFor();
    await page.goBack();
    await page.getByRole('button', { name: 'Run now' }).click();
    await page.getByRole('button', { name: 'Why?' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('[data-verdict=skip]').waitFor();
    await dialog.getByText('1 of 1 running, 0 waiting').waitFor();
    await world.settled();
    await expect.poll(() => job.runs()).toHaveLength(1);
    expect(panel.faults).toEqual([]);
  });

  test('runs it with args', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const job = await world.job({ args: 'usual' });
    await panel.open(`/jobs/${await idOf(job)}`);
    await page.getByRole('button', { name: 'Run with args …' }).click();
    await page.getByRole('dialog').getByLabel('Args', { exact: true }).fill('special');
    await page.getByRole('dialog').getByRole('button', { name: 'Run now' }).click();
    expect((await job.next()).task.jobArgs).toBe('special');
    expect(panel.faults).toEqual([]);
  });

  test('pauses, enables, disables; deletes, and brings back', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const job = await world.job({ description: 'comes back' });
    await panel.open(`/jobs/${await idOf(job)}`);
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByText('paused', { exact: true }).first().waitFor();
    expect((await job.get()).state).toBe('paused');
    await page.getByRole('button', { name: 'Enable', exact: true }).click();
    await page.getByText('enabled', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Disable' }).click();
    await page.getByText('disabled', { exact: true }).first().waitFor();
    expect((await job.get()).state).toBe('disabled');
    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { name: 'Jobs', level: 1 }).waitFor();
    expect((await world.program.api.get(`/jobs/${job.key}`)).status).toBe(404);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('heading', { name: job.name, level: 1 }).waitFor();
    await expect.poll(() => job.get()).toMatchObject({ description: 'comes back', state: 'disabled' });
    expect(panel.faults).toEqual([]);
  });

  test.each([
    ['en', 'Version 1', 'Timeout', '1 min', '30 s', 'Restore', 'Undo'],
    ['zh-CN', '版本 1', '超时', '1 min', '30 s', '恢复', '撤销'],
  ] as const)('compares versions, restores one and takes that back, in %s', async (language, _name, field, before, after, restore, undo) => {
    await using panel = await openPanel(browser, world.program, { language });
    const { page } = panel;
    const job = await world.job({ timeoutMs: 60_000 });
    const first = (await job.get()).version;
    await job.change({ timeoutMs: 30_000 });
    const second = (await job.change({ tags: ['late'] })).version;
    await panel.open(`/jobs/${await idOf(job)}?tab=changes`);
    await page.locator(`tr[data-version="${second}"]`).waitFor();
    await page.locator(`tr[data-version="${first}"]`).getByRole('radio').first().check();
    const line = page.locator('tr[data-field=timeoutMs]');
    await line.getByRole('rowheader', { name: field }).waitFor();
    await expect.poll(() => line.getByRole('cell').allTextContents()).toEqual([before, after]);
    await page.locator('tr[data-field=tags]').waitFor();
    await page.getByRole('button', { name: new RegExp(`${restore}.* ${first}$`) }).click();
    await page.getByRole('dialog').getByRole('button', { name: restore, exact: true }).click();
    await until(async () => (await job.get()).timeoutMs === 60_000);
    expect((await job.get()).tags).toEqual([]);
    await page.getByRole('button', { name: undo }).click();
    await until(async () => (await job.get()).timeoutMs === 30_000);
    expect((await job.get()).tags).toEqual(['late']);
    expect(panel.faults).toEqual([]);
  });

  test('lists its runs, workers and skips', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const job = await world.job({ model: 'pro' });
    expect((await untilAvailable(() => job.run())).status).toBe(409);
    await until(async () => (await job.skips()).length > 0);
    await panel.open(`/jobs/${await idOf(job)}?tab=workers`);
    await page.getByText('No worker of this app is known').waitFor();
    await world.stayLive(job.app, 'worker-7', { comment: 'rack 3' });
    await page.locator('tr[data-row]').filter({ hasText: 'worker-7' }).getByText('rack 3').waitFor();
    const taskId = await job.start();
    await page.getByRole('tab', { name: 'Runs' }).click();
    await page.getByRole('link', { name: taskId }).waitFor();
    await page.getByRole('tab', { name: 'Skips' }).click();
    await page.locator('tr[data-row]').getByText('No live worker', { exact: true }).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('gives a worker in any language with the real names in it', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const job = await world.job({ model: 'ultra' });
    await panel.open(`/jobs/${await idOf(job)}?tab=snippets&lang=python`);
    const program = page.getByRole('region', { name: 'The program: worker.py' });
    await program.getByText(job.subject('client-start', 'worker-1')).first().waitFor();
    await expect.poll(() => program.textContent()).toContain(world.program.natsUrl.replace('localhost', '127.0.0.1'));
    expect(await program.textContent()).not.toContain('{{');
    await page.getByRole('tab', { name: 'Rust' }).click();
    await page.getByRole('region', { name: /The program: .*\.rs/ }).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('a job that is gone says so, and can be made again from what it was', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const job = await world.job({ timeoutMs: 45_000 });
    const { version } = await job.get();
    await untilAvailable(() => world.program.api.del(`/jobs/${job.key}`, { 'if-match': `"${version}"` }));
    await panel.open(`/jobs/${job.key}`);
    await page.getByText('There is no such job').waitFor();
    await page.getByRole('button', { name: `Restore version ${version}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Restore', exact: true }).click();
    await page.getByRole('heading', { name: job.name, level: 1, exact: true }).waitFor();
    expect((await job.get()).timeoutMs).toBe(45_000);
    expect(panel.faults).toEqual([]);
  });
});
