import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, hashOf, openBrowser, openPanel } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { openWorld, type TestJob, type World } from '../support/world.ts';

const chromium = findChromium();

describe.skipIf(chromium === undefined)('the page of one run', () => {
  let world: World;
  let browser: Browser;
  let job: TestJob;

  beforeAll(async () => {
    world = await openWorld();
    browser = await openBrowser();
    job = await world.job({ name: 'report', maxRunning: 20, timeoutMs: 600_000, args: { order: { id: 17 } } });
  });

  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  async function ended(of: TestJob, answer: Record<string, unknown>, request: Record<string, unknown> = {}): Promise<string> {
    const taskId = await of.start(request);
    await world.worker.answer(await of.next(taskId), answer);
    await until(async () => (await world.run(taskId)).endedAt !== null);
    return taskId;
  }

  test.each([
    ['en', 'Run', 'failed', 'Result', 'Payload', 'Events', 'by hand, attempt 1 of 1'],
    ['zh-CN', '执行', '失败', '结果', '消息', '事件', '手动，第 1 次，最多 1 次'],
  ] as const)('tells all of a run that failed, in %s', async (language, title, failed, result, payload, events, scheduled) => {
    await using panel = await openPanel(browser, world.program, { language });
    const { page } = panel;
    const taskId = await ended(job, { status: 'fail', reason: 'the disk was full', monitorStatus: 'mail', monitorPayload: '{"to":"ops","id":12345678901234567890}', clientId: 'worker-1' });
    await panel.open(`/runs/${taskId}`);
    await page.getByRole('heading', { name: `${title} ${taskId}`, level: 1 }).waitFor();
    await page.getByText(failed, { exact: true }).first().waitFor();
    await page.getByRole('tab', { name: result, selected: true }).waitFor();
    await page.locator('[data-reason]').getByText('the disk was full').waitFor();
    // Digits beyond what a JavaScript number holds stay.
    await page.getByText('12345678901234567890').waitFor();
    await page.getByRole('tab', { name: payload }).click();
    await page.getByText(job.subject('start')).first().waitFor();
    await page.getByText(`"taskId": "${taskId}"`).first().waitFor();
    await page.getByText(`Nats-Msg-Id: ${taskId}`).first().waitFor();
    await page.getByRole('tab', { name: events }).click();
    await page.getByText(scheduled).waitFor();
    await expect.poll(() => hashOf(page)).toContain('tab=events');
    expect(panel.faults).toEqual([]);
  });

  test.each([
    ['en', "Instead of its job's", 'Timeout: 15 s · Attempts: 4 · Backoff: fixed · Delay before a retry: 2 s'],
    ['zh-CN', '覆盖任务设置', '超时: 15 s · 尝试次数: 4 · 重试间隔方式: 固定 · 重试前等待: 2 s'],
  ] as const)('tells what the run was asked for with instead of what its job says, in %s', async (language, label, text) => {
    await using panel = await openPanel(browser, world.program, { language });
    const { page } = panel;
    const own = await world.job({ name: `own-${language}`, maxRunning: 20 });
    await world.worker.publish(`natsjob.run.asked.${own.namespace}.${own.app}.${own.name}`, { v: 1, at: Date.now(), runs: [{ timeoutMs: 15_000, attempts: 4, backoff: { type: 'fixed', delayMs: 2_000 } }] });
    const { taskId } = (await own.next()).task;
    await panel.open(`/runs/${taskId}`);
    await page.getByText(label, { exact: true }).waitFor();
    await page.getByText(text).waitFor();
    await panel.open(`/runs/${await own.start()}`);
    await page.getByRole('tab').first().waitFor();
    await expect.poll(() => page.getByText(label, { exact: true }).count()).toBe(0);
    expect(panel.faults).toEqual([]);
  });

  test.each([
    ['en', 'Log', 'Progress', 'Result', 'The worker has reported nothing.'],
    ['zh-CN', '日志', '进度', '结果', '客户端没有上报内容。'],
  ] as const)('shows what the worker reports of it as it comes, in %s', async (language, log, progress, result, nothing) => {
    await using panel = await openPanel(browser, world.program, { language });
    const { page } = panel;
    const taskId = await job.start();
    const task = await job.next(taskId);
    const report = (body: object) => world.worker.publish(`natsjob-report.${job.namespace}.${job.app}.${job.name}.${taskId}`, { v: 1, at: Date.now(), ...body });
    // The page never asks by itself: what is shown was told.
    await panel.context.addInitScript(() => {
      const repeat = setInterval;
      Object.assign(globalThis, { setInterval: (act: () => void, ms: number) => (ms === 5_000 ? 0 : repeat(act, ms)) });
    });
    await panel.open(`/runs/${taskId}`);
    await page.getByRole('tab', { name: log }).click();
    await page.getByText(nothing).waitFor();
    const meter = page.getByRole('meter', { name: progress });
    // What is told may be read before the stream has it, or before the server watches: the next report brings it.
    const shown = (what: Locator, percent: number) => until(async () => {
      await report({ kind: 'progress', progress: percent });
      return what.waitFor({ timeout: 3_000 }).then(() => true, () => false);
    }, { what: 'what was reported' });
    await shown(meter, 10);
    await report({ kind: 'log', level: 'info', text: 'reading page 1' });
    await shown(page.getByText('reading page 1'), 20);
    await report({ kind: 'log', level: 'error', text: 'page 2 <b>is missing</b>' });
    await shown(page.getByText('page 2 <b>is missing</b>'), 40);
    await shown(meter.and(page.locator('[aria-valuenow="40"]')), 40);
    await report({ kind: 'result', value: { pages: [1, 3] } });
    await world.worker.answer(task, { status: 'success', reason: 'a result of 15 characters' });
    await page.getByRole('region', { name: result }).getByText('"pages"').waitFor();
    await expect.poll(() => page.getByRole('list', { name: log }).getByRole('listitem').count()).toBe(2);
    expect(panel.faults).toEqual([]);
  });

  test('follows a map run: bad answer, steps, pieces with their filters, end', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const map = await world.job({ name: 'split', category: 'map', timeoutMs: 120_000 });
    const taskId = await map.start();
    const first = await map.next(taskId);
    await panel.open(`/runs/${taskId}`);
    await page.getByText('running', { exact: true }).first().waitFor();
    await page.locator('[data-live=live]').waitFor();
    await world.worker.answer(first, 'nonsense');
    await world.worker.answer(first, 'success:next');
    const second = await map.next(taskId);
    for (const [number, status] of [[1, 'half'], [2, 'fail']] as const) {
      await world.worker.publish('natsjob.job.sub-result-flow', {
        taskId, namespace: map.namespace, appName: map.app, jobName: map.name, clientId: `worker-${number}`, sceneId: String(number), sceneName: `piece ${number}`,
        status, reason: status === 'fail' ? 'bad order' : '', startAt: String(Date.now() - 50), endAt: String(Date.now()),
      });
    }
    const timeline = page.getByRole('list', { name: 'Timeline' });
    await timeline.getByText('First step (pre-start)').waitFor();
    await timeline.getByText('Second step (start)').waitFor();
    await timeline.getByText('piece 2').waitFor();
    await page.locator('[data-bad-answers="1"]').waitFor();
    const pieces = page.getByRole('region', { name: 'Sub-runs' }).locator('tr[data-row]');
    await pieces.filter({ hasText: 'piece 1' }).waitFor();
    await page.getByLabel('Part of the reason').fill('bad order');
    await pieces.filter({ hasText: 'piece 1' }).waitFor({ state: 'detached' });
    await pieces.filter({ hasText: 'piece 2' }).waitFor();
    await expect.poll(() => pieces.count()).toBe(1);
    await world.worker.answer(second, { status: 'success', clientId: 'worker-1' });
    await page.getByText('completed', { exact: true }).first().waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('stacks attempts, each with the way to it', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const flaky = await world.job({ name: 'flaky', retry: { attempts: 2, delayMs: 0, on: ['fail'] } });
    const taskId = await ended(flaky, { status: 'fail', reason: 'first try' });
    const second = await until(async () => (await world.run(taskId)).retryTaskId as string | null);
    await world.worker.answer(await flaky.next(second), 'success');
    await world.untilState(second, 'completed');
    await panel.open(`/runs/${taskId}`);
    await page.getByRole('list', { name: 'Timeline' }).getByRole('link', { name: 'Attempt 2' }).click();
    await page.getByRole('heading', { name: `Run ${second}`, level: 1 }).waitFor();
    await page.getByRole('list', { name: 'Timeline' }).getByRole('link', { name: 'Attempt 1' }).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('cancels an open run, and re-runs it with other args', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const taskId = await job.start();
    await job.next(taskId);
    await panel.open(`/runs/${taskId}`);
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).last().click();
    await page.getByText('cancelled', { exact: true }).first().waitFor();
    expect((await world.run(taskId)).state).toBe('cancelled');
    // The feed may tell of it before the dialog, which has such a button too, has its answer.
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => page.getByRole('button', { name: 'Cancel', exact: true }).count()).toBe(0);
    await page.getByRole('button', { name: 'Re-run with other args …' }).click();
    await page.getByRole('dialog').getByLabel('Args', { exact: true }).fill('{"order":{"id":18}}');
    await page.getByRole('dialog').getByRole('button', { name: 'Run now' }).click();
    const again = await job.next();
    expect(again.task.jobArgs).toBe('{"order":{"id":18}}');
    await page.getByRole('button', { name: 'Open the run' }).click();
    await page.getByRole('heading', { name: `Run ${again.task.taskId}`, level: 1 }).waitFor();
    await world.worker.answer(again, 'success');
    expect(panel.faults).toEqual([]);
  });

  test('compares with the last success before it, and with any other', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const compared = await world.job({ name: 'compared', args: 'small' });
    const success = await ended(compared, { status: 'success', clientId: 'worker-1' });
    const failure = await ended(compared, { status: 'fail', reason: 'too big', clientId: 'worker-2' }, { args: 'large' });
    await world.settled();
    await panel.open(`/runs/${failure}?tab=previous`);
    const table = page.getByRole('region', { name: 'Compared with the last success before it' });
    await table.getByRole('link', { name: success }).waitFor();
    for (const [field, mine, theirs] of [['Args', 'large', 'small'], ['Worker', 'worker-2', 'worker-1'], ['Reason', 'too big', '–']] as const) {
      const line = table.locator('tr[data-differs=true]').filter({ has: page.getByRole('rowheader', { name: field, exact: true }) });
      await expect.poll(() => line.getByRole('cell').allTextContents()).toEqual([mine, theirs, 'differs']);
    }
    expect(panel.faults).toEqual([]);
  });

  test('copies a link, JSON, curl and a nats command', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const taskId = await ended(job, { status: 'success' });
    await panel.open(`/runs/${taskId}`);
    const found: string[] = [];
    for (const name of ['Copy link', 'Copy as JSON', 'Copy as curl', 'Copy as nats command']) {
      await page.getByRole('button', { name: 'Copy', exact: true }).first().click();
      await page.getByRole('menuitem', { name }).click();
      found.push(await until(async () => {
        const text = await page.evaluate(() => navigator.clipboard.readText());
        return !found.includes(text) && text;
      }, { what: `${name} in the clipboard` }));
    }
    expect(found[0]).toMatch(new RegExp(`#/runs/${taskId}$`));
    expect(JSON.parse(found[1]!)).toMatchObject({ taskId, state: 'completed' });
    expect(found[2]).toContain(`/natsjob/api/runs/${taskId}'`);
    expect(found[3]).toMatch(/^nats pub 'natsjob\.job\.start\./);
    expect(panel.faults).toEqual([]);
  });

  test.each([['en', 'There is no such run'], ['zh-CN', '没有这次执行']] as const)('a run that is not known has its own text, in %s', async (language, text) => {
    await using panel = await openPanel(browser, world.program, { language });
    for (const id of ['123456789012345678', 'nonsense']) {
      await panel.open(`/runs/${id}`);
      await panel.page.getByText(text).waitFor();
    }
    expect(panel.faults).toEqual([]);
  });
});
