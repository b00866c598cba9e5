import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBarriers } from '../support/axe.ts';
import { findChromium, hashOf, openBrowser, openPanel, type Panel } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type TestJob, type World } from '../support/world.ts';

describe.skipIf(findChromium() === undefined)('the list of jobs', () => {
  let world: World;
  let browser: Browser;
  let app: string;
  let job: TestJob;

  beforeAll(async () => {
    world = await openWorld();
    browser = await openBrowser();
    app = await world.app();
    job = await world.job({ app, name: 'invoices', description: 'of the day', schedule: { expression: '0 30 7 * * MON-FRI' }, args: { kind: 'daily' }, maxRunning: 2, tags: ['finance'], timeoutMs: 600_000 });
    await world.job({ app, name: 'beacon', model: 'lite', schedule: { expression: '@every 1h' } });
    await world.job({ app, name: 'orders', model: 'pro', state: 'disabled', tags: ['shop'] });
    for (const status of ['success', 'fail', 'success']) {
      const taskId = await job.start();
      await world.worker.answer(await job.next(taskId), { status, reason: status === 'fail' ? 'no connection' : '' });
      await world.untilState(taskId, status === 'fail' ? 'failed' : 'completed');
    }
  });

  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  const rows = ({ page }: Panel, name?: string) => (name === undefined ? page.locator('tr[data-row]') : page.locator('tr[data-row]', { has: page.getByRole('link', { name, exact: true }) }));
  const open = (panel: Panel, query = '') => panel.open(`/jobs?ns=${NAMESPACE}${query}`);
  const menu = async (panel: Panel, name: string, item: string) => {
    await rows(panel, name).locator('[data-row-menu]').click();
    await panel.page.getByRole('menuitem', { name: item, exact: true }).click();
  };

  test.each([
    ['en', ['At 07:30, Monday through Friday', '66.7 %', 'Standalone · max', '0/2', 'finance', 'Every hour', 'not recorded']],
    ['zh-CN', ['07:30，星期一至星期五', '66.7 %', '单机 · max', '0/2', 'finance', '每 1 小时一次', '不记录']],
  ] as const)('says in %s when a job fires, how it went and what it may do', async (language, texts) => {
    await using panel = await openPanel(browser, world.program, { language, width: 1800 });
    await open(panel);
    const text = await until(async () => {
      const found = (await rows(panel).allInnerTexts()).join('\n');
      return texts.every((part) => found.includes(part)) && found;
    }, { what: () => texts.join(', ') });
    expect(text).toContain('0 30 7 * * MON-FRI');
    await expect.poll(() => rows(panel, 'invoices').getByRole('img').getAttribute('aria-label')).toMatch(/3/);
    await expect.poll(() => rows(panel, 'invoices').locator('svg title').allTextContents()).toHaveLength(3);
    expect(panel.faults).toEqual([]);
  });

  test('filters by all that the address says, and says in the address what it filters by', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await open(panel, '&state=disabled&tag=shop');
    await rows(panel, 'orders').waitFor();
    await expect.poll(() => rows(panel).count()).toBe(1);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await rows(panel, 'beacon').waitFor();
    await page.locator('[data-filter]').fill('of the day');
    await rows(panel, 'beacon').waitFor({ state: 'detached' });
    await expect.poll(() => hashOf(page)).toContain('q=of+the+day');
    await page.locator('[data-filter]').fill('nothing is called so');
    await page.getByText('No job matches these filters.').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).last().click();
    await page.getByLabel('Model').selectOption('lite');
    await rows(panel, 'invoices').waitFor({ state: 'detached' });
    await page.getByLabel('Model').selectOption('');
    await page.getByLabel('Category').selectOption('map');
    await page.getByText('No job matches these filters.').waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('keeps a view under a name, and columns as they were chosen', async () => {
    await using panel = await openPanel(browser, world.program, { width: 1800 });
    const { page } = panel;
    await open(panel, '&tag=finance');
    await page.getByRole('button', { name: 'Saved views' }).click();
    await page.getByLabel('Name of this view').fill('money');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('link', { name: 'money' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByLabel('Subject mode').check();
    await page.keyboard.press('Escape');
    await page.reload();
    await page.getByRole('columnheader', { name: 'Subject mode' }).waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await rows(panel, 'beacon').getByText('memory').waitFor();
    await page.getByRole('button', { name: 'Saved views' }).click();
    await page.getByRole('link', { name: 'money' }).click();
    await rows(panel, 'beacon').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Saved views' }).click();
    await page.getByRole('button', { name: 'Delete the view money' }).click();
    await page.getByText('Give the filters in use a name').waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('switches a job off and on, and tells when somebody else was faster', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const own = await world.job({ app, name: 'switched' });
    await open(panel);
    const toggle = rows(panel, 'switched').getByRole('switch');
    await toggle.click();
    await page.getByText('switched is disabled.').waitFor();
    expect((await own.get()).state).toBe('disabled');
    await page.locator('[data-live=live]').click();
    await page.locator('[data-live=paused]').waitFor();
    // A reading that is still due would bring the change before it is met.
    await page.route(/\/api\/jobs\?/, (route) => route.abort());
    await panel.loaded();
    await own.change({ state: 'paused' });
    await toggle.click();
    await page.getByText('switched was changed by somebody else').waitFor();
    await page.unrouteAll({ behavior: 'wait' });
    await rows(panel, 'switched').getByText('paused').waitFor();
    expect((await own.get()).state).toBe('paused');
    await menu(panel, 'switched', 'Enable');
    await until(async () => (await own.get()).state === 'enabled', { what: 'the job to be enabled' });
    expect(panel.faults).toEqual([]);
  });

  test('runs a job now, with other args when asked to, and says why one would not run', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await open(panel);
    await rows(panel, 'invoices').locator('[data-action=run]').click();
    await page.getByText('invoices: the run has started.').waitFor();
    const plain = await job.next();
    expect(JSON.parse(plain.task.jobArgs)).toEqual({ kind: 'daily' });
    await world.worker.answer(plain, 'success');
    await menu(panel, 'invoices', 'Run with args …');
    const dialog = page.getByRole('dialog', { name: 'Run invoices' });
    await dialog.getByLabel('Args', { exact: true }).fill('{ "kind": ');
    await dialog.getByText('This is not JSON').waitFor();
    await expect.poll(() => dialog.getByRole('button', { name: 'Run now' }).isDisabled()).toBe(true);
    await dialog.getByLabel('Args', { exact: true }).fill('{"kind":"again"}');
    await dialog.getByLabel('Priority').selectOption('high');
    await dialog.getByRole('button', { name: 'Run now' }).click();
    const other = await job.next();
    expect(JSON.parse(other.task.jobArgs)).toEqual({ kind: 'again' });
    expect(other.task.priority).toBe(10);
    await world.worker.answer(other, 'success');
    await rows(panel, 'orders').locator('[data-action=run]').click();
    await page.getByText('orders did not run: Disabled.').waitFor();
    await page.getByRole('button', { name: 'Why?' }).click();
    await page.locator('[data-verdict=skip]').waitFor();
    await page.getByText('the job is disabled').waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('copies a job as curl, as nats CLI and as JSON', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page, context } = panel;
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await open(panel);
    const copied = async (item: string): Promise<string> => {
      // The word of an earlier copy may still stand there: what tells is the text.
      await page.evaluate(() => navigator.clipboard.writeText(''));
      await menu(panel, 'invoices', item);
      await page.getByText('Copied', { exact: true }).last().waitFor();
      return until(() => page.evaluate(() => navigator.clipboard.readText()), { what: `${item} to have copied` });
    };
    expect(await copied('Copy as curl')).toContain(`${world.program.url}/natsjob/api/jobs/${job.key}/run`);
    expect(await copied('Copy as nats CLI')).toBe(`nats sub 'natsjob.job.start.${job.key}'`);
    const definition = JSON.parse(await copied('Copy as JSON'));
    expect(definition).toMatchObject({ name: 'invoices', args: { kind: 'daily' } });
    expect(definition).not.toHaveProperty('version');
    expect(panel.faults).toEqual([]);
  });

  test('deletes a job, and makes it again when that is undone', async () => {
    await using panel = await openPanel(browser, world.program, { language: 'zh-CN' });
    const { page } = panel;
    const own = await world.job({ app, name: 'doomed', description: 'kept all the same', tags: ['x'] });
    await open(panel);
    await menu(panel, 'doomed', '删除');
    await page.getByRole('dialog').getByRole('button', { name: '删除' }).click();
    await rows(panel, 'doomed').waitFor({ state: 'detached' });
    expect((await world.program.api.get(`/jobs/${own.key}`)).status).toBe(404);
    await page.getByRole('button', { name: '撤销' }).click();
    await rows(panel, 'doomed').waitFor();
    await expect.poll(() => own.get()).toMatchObject({ description: 'kept all the same', tags: ['x'] });
    expect(panel.faults).toEqual([]);
  });

  test('shows a new last run by itself, and other jobs only when asked for', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const own = await world.job({ app, name: 'watched' });
    await open(panel);
    await rows(panel, 'watched').waitFor();
    const taskId = await own.start();
    await rows(panel, 'watched').getByRole('link', { name: 'running' }).waitFor();
    await world.worker.answer(await own.next(taskId), 'success');
    await rows(panel, 'watched').getByRole('link', { name: 'completed' }).waitFor();
    await world.job({ app, name: 'a-newcomer' });
    await page.locator('[data-news]').click();
    await rows(panel, 'a-newcomer').waitFor();
    expect(panel.faults).toEqual([]);
  });

  describe('with many at once', () => {
    let many: string;

    beforeAll(async () => {
      many = await world.app();
      for (let i = 1; i <= 12; i++) await world.job({ app: many, name: `many-${String(i).padStart(2, '0')}`, state: i === 1 ? 'paused' : 'enabled', tags: i <= 3 ? ['old'] : [] });
    });

    const all = async () => (await world.program.api.get(`/jobs?namespace=${NAMESPACE}&app=${many}&limit=200`)).body.items as { name: string; state: string; tags: string[]; app: string }[];

    async function act(panel: Panel, action: string, fill: () => Promise<void> = async () => {}): Promise<void> {
      const { page } = panel;
      await page.getByRole('group', { name: 'With all selected' }).getByRole('button', { name: action }).click();
      await fill();
      await page.getByRole('dialog').getByRole('button', { name: action }).click();
      await page.locator('[data-bulk=done]').waitFor();
    }

    async function undo({ page }: Panel): Promise<void> {
      await page.getByRole('button', { name: 'Undo' }).click();
      await page.locator('[data-bulk=undone]').waitFor();
      await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    }

    test('disables those selected on the page, and puts each back as it was', async () => {
      await using panel = await openPanel(browser, world.program);
      const { page } = panel;
      await open(panel, `&app=${many}`);
      await rows(panel, 'many-12').waitFor();
      await page.getByLabel('Select all on this page').check();
      await act(panel, 'Disable', () => page.getByText('This is for 12 jobs.').waitFor());
      expect((await all()).every(({ state }) => state === 'disabled')).toBe(true);
      await undo(panel);
      await expect.poll(() => all()).toMatchObject([{ state: 'paused' }, ...Array.from({ length: 11 }, () => ({ state: 'enabled' }))]);
      expect(panel.faults).toEqual([]);
    });

    test('tags all that match the filter, more than the page shows, and undoes only what it added', async () => {
      await using panel = await openPanel(browser, world.program, { remembered: { pageSize: 10 } });
      const { page } = panel;
      await open(panel, `&app=${many}`);
      await rows(panel, 'many-10').waitFor();
      await expect.poll(() => rows(panel).count()).toBe(10);
      await page.getByLabel('Select all on this page').check();
      await page.getByRole('button', { name: 'Select all 12 that match the filter' }).click();
      await act(panel, 'Tags …', async () => {
        await page.getByText('This is for 12 jobs.').waitFor();
        await page.getByLabel('Add tags').fill('old, new');
      });
      expect((await all()).every(({ tags }) => tags.includes('old') && tags.includes('new'))).toBe(true);
      await undo(panel);
      expect((await all()).map(({ tags }) => tags)).toEqual([...Array.from({ length: 3 }, () => ['old']), ...Array.from({ length: 9 }, () => [])]);
      expect(panel.faults).toEqual([]);
    });

    test('moves, runs and deletes the ones chosen, names what could not be done, and makes the deleted ones again', async () => {
      await using panel = await openPanel(browser, world.program);
      const { page } = panel;
      const other = await world.app();
      await world.job({ app: other, name: 'many-02' });
      await open(panel, `&app=${many}`);
      for (const name of ['many-02', 'many-03']) await page.getByLabel(`Select ${name}`, { exact: true }).check();
      await act(panel, 'Move …', () => page.getByRole('dialog').getByRole('textbox', { name: 'App' }).fill(other));
      await page.getByText('1 could not be done:').waitFor();
      await page.getByText('1 of 2 done.').waitFor();
      await undo(panel);
      await rows(panel, 'many-03').waitFor();
      await expect.poll(() => all()).toHaveLength(12);

      for (const name of ['many-04', 'many-05']) await page.getByLabel(`Select ${name}`, { exact: true }).check();
      await act(panel, 'Run now');
      await page.getByRole('link', { name: 'Show the runs started by this' }).click();
      await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
      await expect.poll(() => hashOf(page)).toMatch(/trigger=manual/);

      await open(panel, `&app=${many}`);
      for (const name of ['many-11', 'many-12']) await page.getByLabel(`Select ${name}`, { exact: true }).check();
      await act(panel, 'Delete');
      await expect.poll(() => all()).toHaveLength(10);
      await undo(panel);
      await rows(panel, 'many-12').waitFor();
      await expect.poll(() => all()).toHaveLength(12);
      expect(panel.faults).toEqual([]);
    });
  });

  test.each([['en', 'light', 1280], ['zh-CN', 'dark', 390]] as const)('has no barriers in %s, %s, %i px wide, with its menu and dialogs open', async (language, theme, width) => {
    await using panel = await openPanel(browser, world.program, { language, theme, width, bypassPolicy: true });
    const { page } = panel;
    await open(panel);
    await rows(panel, 'invoices').getByRole('img').waitFor();
    await rows(panel, 'invoices').getByRole('checkbox').check();
    const look = () => expect.poll(() => findBarriers(page)).toEqual([]);
    await look();
    for (const item of [/^(Run with args|带参数执行)/, /^(Why would|现在为什么)/, /^(Delete|删除)$/]) {
      await rows(panel, 'invoices').locator('[data-row-menu]').click();
      await page.getByRole('menuitem').first().waitFor();
      await look();
      await page.getByRole('menuitem', { name: item }).click();
      await page.getByRole('dialog').waitFor();
      await look();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await page.getByRole('button', { name: /^(Tags …|标签…)$/ }).click();
    await page.locator('[data-count="1"]').waitFor();
    await look();
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  });

  test('leads who has no job to the first one', async () => {
    await using panel = await openPanel(browser, world.program);
    await panel.open('/jobs?ns=app');
    await panel.page.getByRole('link', { name: 'Make the first job' }).waitFor();
    expect(panel.faults).toEqual([]);
  });
});
