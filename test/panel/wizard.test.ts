import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findChromium, hashOf, openBrowser, openPanel } from '../support/browser.ts';
import { create } from '../support/create.ts';
import { startPlainWorker } from '../support/plain-worker.ts';
import { startProgram, type TestProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

const WORDS = {
  en: { title: 'Your first job, step by step', create: 'Create the job', app: 'App', name: 'Name', runNow: 'Run it now', green: 'Your first green run', seeTester: 'See its messages' },
  'zh-CN': { title: '创建第一个任务', create: '创建任务', app: '服务', name: '名称', runNow: '立即执行', green: '第一次执行成功', seeTester: '在主题调试中查看消息' },
} as const;

/** Creates the job; resolves when the page knows who lives: only a worker that comes after that is the one it waits for. */
async function createJob(page: Page, button = 'Create the job'): Promise<void> {
  await page.getByRole('button', { name: button }).click();
  await page.locator('[data-worker=waiting]').waitFor();
}

describe.skipIf(findChromium() === undefined)('the wizard of the first job', () => {
  let browser: Browser;
  let program: TestProgram;

  beforeAll(async () => {
    [browser, program] = await Promise.all([openBrowser(), startProgram()]);
  });

  afterAll(async () => {
    await browser.close();
    await program.stop();
  });

  test.each(['en', 'zh-CN'] as const)('leads from the empty overview to a green run, in %s', async (language) => {
    await using own = await startProgram();
    await using panel = await openPanel(browser, own, { language });
    const { page } = panel;
    const words = WORDS[language];
    await panel.open('/');
    await page.getByRole('heading', { name: words.title, level: 1 }).waitFor();
    await page.getByRole('combobox', { name: words.app, exact: true }).fill('shop');
    await page.getByRole('textbox', { name: words.name, exact: true }).fill('report');
    await page.locator('[data-fires] time').nth(2).waitFor();
    // A fire before the worker is there would run, and hold back what follows, until its time is over.
    await page.getByRole('combobox').and(page.locator('select:has([value="@every 1m"])')).selectOption('@every 1m');
    await createJob(page, words.create);
    await expect.poll(() => hashOf(page)).toContain('#/first-job?');
    const snippet = page.locator('[data-snippet] pre', { hasText: 'natsjob.job.start.app.shop.report' });
    await snippet.waitFor();
    await expect.poll(() => snippet.textContent()).toContain(own.natsUrl);
    await expect.poll(() => page.getByRole('tab').count()).toBe(8);

    await using worker = await startPlainWorker({ url: own.natsUrl, namespace: 'app', app: 'shop', clientId: 'worker-1', answer: () => ({ status: 'success' }) });
    await page.locator('[data-worker=there]').waitFor();
    await page.locator('[data-run=completed]').waitFor();
    await page.getByText(words.green).waitFor();
    await until(() => worker.answered > 0);
    await expect.poll(() => page.locator('[data-state=done]').count()).toBe(4);
    const { body } = await own.api.get('/runs?job=app.shop.report&state=completed');
    expect(body.items.length).toBeGreaterThan(0);
    expect(panel.faults).toEqual([]);
  });

  test('asks what follows from the answers, keeps them in the address, and makes the job that they mean', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await panel.open('/first-job');
    const choice = page.locator('[data-choice]');
    const choose = (question: string, value: string): Promise<void> => page.locator(`[data-question=${question}] input[value=${value}]`).check();
    await expect.poll(() => choice.getAttribute('data-choice')).toBe('standalone max');
    await expect.poll(() => page.locator('[data-question=choose]').count()).toBe(0);
    await choose('live', 'yes');
    await expect.poll(() => choice.getAttribute('data-choice')).toBe('standalone pro');
    await choose('choose', 'yes');
    await choose('condition', 'clientMaxWeight');
    await expect.poll(() => choice.getAttribute('data-choice')).toBe('standalone ultra');
    await choose('what', 'split');
    await expect.poll(() => choice.getAttribute('data-choice')).toBe('map pro');
    await choose('what', 'one');
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('chosen');
    await page.getByRole('combobox', { name: 'When' }).selectOption('');

    await page.reload();
    await page.locator('[data-question=condition] input[value=clientMaxWeight]:checked').waitFor();
    await expect.poll(() => page.getByRole('textbox', { name: 'Name', exact: true }).inputValue()).toBe('chosen');
    await page.getByRole('button', { name: 'Create the job' }).click();
    await page.locator('[data-worker=waiting]').waitFor();
    await page.locator('[data-snippet] pre', { hasText: 'natsjob.job.client-start.app.demo.chosen.worker-1' }).waitFor();
    expect((await program.api.get('/jobs/app.demo.chosen')).body).toMatchObject({ category: 'standalone', model: 'ultra', condition: 'clientMaxWeight', schedule: { expression: '' } });
    expect(panel.faults).toEqual([]);
  });

  test('sends a run of a model without records, and says where to see it', async () => {
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await panel.open('/first-job?know=no&app=fast&name=ping&every=manual');
    await createJob(page);
    let seen = 0;
    let tell = (): void => {};
    const told = new Promise<void>((resolve) => { tell = resolve; });
    await using worker = await startPlainWorker({ url: program.natsUrl, namespace: 'app', app: 'fast', clientId: 'fast-1', answer: () => { seen++; tell(); return undefined; } });
    await page.locator('[data-run=sent]').waitFor();
    await told;
    expect(seen).toBe(1);
    expect(worker.answered).toBe(0);
    await expect.poll(() => page.getByRole('link', { name: 'See its messages in the subject tester' }).getAttribute('href')).toBe('#/tester?watch=natsjob-void.job.start.app.fast.ping');
    expect(panel.faults).toEqual([]);
  });

  test('says at its field what the server does not take, and goes on with a job that exists', async () => {
    await create(program.api, '/namespaces/app/apps', { name: 'there' });
    await create(program.api, '/jobs', { app: 'there', name: 'already' });
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await panel.open('/first-job?app=there&name=not%20good');
    await page.getByRole('button', { name: 'Create the job' }).click();
    const name = page.getByRole('textbox', { name: 'Name', exact: true });
    await name.and(page.locator('[aria-invalid=true]')).waitFor();
    await name.fill('already');
    await page.getByRole('button', { name: 'Create the job' }).click();
    await page.getByRole('button', { name: 'Go on with that job' }).click();
    await page.locator('[data-worker=waiting]').waitFor();
    // Nothing was asked to run: no worker has come.
    expect((await program.api.get('/runs?job=app.there.already')).body.items).toEqual([]);
    expect(panel.faults).toEqual([]);
  });

  test('does not run again what it has run when one comes back', async () => {
    await using worker = await startPlainWorker({ url: program.natsUrl, namespace: 'app', app: 'back', clientId: 'back-1', answer: () => ({ status: 'success' }) });
    await until(async () => (await program.api.get('/workers')).body.items.some(({ id, live }: { id: string; live: boolean }) => id === 'back-1' && live), { what: 'the worker to be listed' });
    await using panel = await openPanel(browser, program);
    const { page } = panel;
    await panel.open('/first-job?app=back&name=once&every=manual');
    await page.getByRole('button', { name: 'Create the job' }).click();
    // The worker lived before: it was not waited for, so the person presses the button.
    await page.getByRole('button', { name: 'Run it now' }).click();
    await page.locator('[data-run=completed]').waitFor();
    await page.reload();
    await page.locator('[data-run=completed]').waitFor();
    expect((await program.api.get('/runs?job=app.back.once')).body.items).toHaveLength(1);
    expect(worker.answered).toBe(1);
    expect(panel.faults).toEqual([]);
  });
});
