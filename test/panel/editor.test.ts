import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBarriers } from '../support/axe.ts';
import { findChromium, openBrowser, openPanel } from '../support/browser.ts';
import { NAMESPACE, openWorld, type World } from '../support/world.ts';

describe.skipIf(findChromium() === undefined)('the editor of a job', () => {
  let world: World;
  let browser: Browser;
  let app: string;

  beforeAll(async () => {
    world = await openWorld();
    browser = await openBrowser();
    app = await world.app();
  });

  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  const fires = (page: Page) => page.locator('[data-preview=ready] [data-fire]');
  const saved = async (name: string) => (await world.program.api.get(`/jobs/${NAMESPACE}.${app}.${name}`)).body;
  const startNew = async (page: Page, name: string) => {
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
  };

  test('makes a job of every field, and shows it then', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open(`/jobs/new?ns=${NAMESPACE}&app=${app}`);
    await startNew(page, 'whole');
    await page.getByLabel('Description').fill('All of it');
    await page.getByLabel('Tags').fill('a, b，c');
    await page.getByLabel('Owner').fill('ops');
    await page.getByRole('radio', { name: 'Cron' }).check();
    await page.getByLabel('Cron expression').fill('30 7 * * MON-FRI');
    await page.getByRole('combobox', { name: 'Time zone' }).fill('Europe/Berlin');
    await page.getByText('Read as: 5-field cron, second 0, in Europe/Berlin.').waitFor();
    await page.getByLabel('Not before').fill('2027-03-01T00:00:00');
    await page.getByLabel('Not before').blur();
    await page.getByLabel('Spread').fill('30s');
    await page.getByLabel('Fires missed').selectOption('all');
    await page.getByRole('textbox', { name: 'At most', exact: true }).fill('3');
    await page.getByLabel('Not older than').fill('1h');
    await page.getByRole('radio', { name: /^pro/ }).check();
    await page.getByRole('button', { name: 'High (10)' }).click();
    await page.getByLabel('Runs at the same time').fill('4');
    await page.getByLabel('Timeout').fill('10m');
    await page.getByLabel('When as many run already').selectOption('queue');
    await page.getByLabel('Waiting at most').fill('7');
    await page.getByLabel('Attempts').fill('3');
    await page.getByLabel('Wait between attempts').selectOption('exponential');
    await page.getByRole('textbox', { name: 'Wait', exact: true }).fill('5s');
    await page.getByLabel('a timeout').uncheck();
    await page.getByLabel('Limit how many runs start').check();
    await page.getByRole('textbox', { name: 'Within' }).fill('2m');
    await page.getByRole('button', { name: 'JSON' }).click();
    await page.getByRole('textbox', { name: 'Args' }).fill('{"kind":"daily"}');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.waitForURL(/#\/jobs\/\d+$/);
    await expect.poll(() => saved('whole')).toMatchObject({
      description: 'All of it', tags: ['a', 'b', 'c'], owner: 'ops', model: 'pro', priority: 10, maxRunning: 4, timeoutMs: 600_000, overlap: 'queue', queueLimit: 7, args: { kind: 'daily' },
      schedule: { expression: '30 7 * * MON-FRI', timezone: 'Europe/Berlin', startAt: '2027-03-01T07:00:00.000+08:00', jitterMs: 30_000 },
      misfire: { policy: 'all', max: 3, windowMs: 3_600_000 }, rate: { max: 10, perMs: 120_000 },
      retry: { attempts: 3, backoff: 'exponential', delayMs: 5000, on: ['fail'] },
    });
    expect(panel.faults).toEqual([]);
  });

  test('shows the next fires by the job’s clock while they are typed, and what cannot be read', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open(`/jobs/new?ns=${NAMESPACE}&app=${app}`);
    await fires(page).nth(9).waitFor();
    await expect.poll(() => page.locator('[lang=zh-CN]').innerText()).toBe('每 10 秒一次');
    await page.getByRole('radio', { name: 'Cron' }).check();
    await page.getByLabel('Cron expression').fill('0 30 2 28 3 * 2027');
    await page.getByRole('combobox', { name: 'Time zone' }).fill('Europe/Berlin');
    await page.getByText('2027-03-28T02:30:00 does not exist (the clock is put forward)').waitFor();
    await expect.poll(() => fires(page).first().innerText()).toContain('2027-03-28 03:00:00');
    await page.getByLabel('Cron expression').fill('0 61 * * *');
    await page.locator('[data-preview=error]').waitFor();
    await expect.poll(() => page.getByLabel('Cron expression').getAttribute('aria-invalid')).toBe('true');
    await page.getByRole('radio', { name: 'Once', exact: true }).check();
    await page.getByLabel(/^At\b/).and(page.locator('input[type=datetime-local]')).fill('2027-01-31T09:00:00');
    await page.getByText('Read as: once, in Europe/Berlin time.').waitFor();
    await expect.poll(() => fires(page).first().innerText()).toContain('2027-01-31 09:00:00');
    await page.getByRole('radio', { name: 'By hand' }).check();
    await page.getByText('Read as: no schedule, runs by hand only.').waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('shows the subjects as they are sent, and only what goes together', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await world.stayLive(app, 'w-one', { weight: 10, group: 'blue' });
    await world.stayLive(app, 'w-two', { weight: 0 });
    await panel.open(`/jobs/new?ns=${NAMESPACE}&app=${app}`);
    await startNew(page, 'sender');
    const key = `${NAMESPACE}.${app}.sender`;
    const subjects = () => page.locator('[data-subject]').allInnerTexts();
    const choose = (name: RegExp) => page.getByRole('radio', { name }).check();
    await expect.poll(() => subjects()).toEqual([`natsjob.job.start.${key}`]);
    await choose(/^lite/);
    await expect.poll(() => subjects()).toEqual([`natsjob-void.job.start.${key}`]);
    await expect.poll(() => page.getByLabel('Timeout').count()).toBe(0);
    await choose(/^Map/);
    await expect.poll(() => subjects()).toEqual([`natsjob-void.job.pre-start.${key}`]);
    await choose(/^max/);
    await expect.poll(() => subjects()).toEqual([`natsjob.job.pre-start.${key}`, `natsjob.job.start.${key}`]);
    await expect.poll(() => page.getByRole('radio', { name: /^ultra/ }).count()).toBe(0);
    await choose(/^Group/);
    await expect.poll(() => subjects()).toEqual([`natsjob.job.group-start.${key}.<group>`]);
    await expect.poll(() => page.getByRole('radio', { name: /^pro/ }).isChecked()).toBe(true);
    await page.getByText('1 group with 1 live worker').waitFor();
    await choose(/^Standalone/);
    await choose(/^ultra/);
    await expect.poll(() => subjects()).toEqual([`natsjob.job.client-start.${key}.<workerId>`]);
    await page.getByText('1 live worker fits').waitFor();
    await page.getByLabel('Condition').selectOption('clientMaxWeight');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.waitForURL(/#\/jobs\/\d+$/);
    await expect.poll(() => saved('sender')).toMatchObject({ category: 'standalone', model: 'ultra', condition: 'clientMaxWeight' });
    expect(panel.faults).toEqual([]);
  });

  test('puts what the server refuses at its field, and makes an app on the way', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open(`/jobs/new?ns=${NAMESPACE}`);
    await startNew(page, 'no good');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByRole('alert').first().waitFor();
    const name = page.getByRole('textbox', { name: 'Name', exact: true });
    await expect.poll(() => name.getAttribute('aria-invalid')).toBe('true');
    await expect.poll(() => page.getByRole('combobox', { name: 'App' }).getAttribute('aria-invalid')).toBe('true');
    await name.fill('good');
    await expect.poll(() => name.getAttribute('aria-invalid')).toBeNull();
    await page.getByRole('combobox', { name: 'App' }).fill('made-here');
    await page.getByText('made-here does not exist yet.').waitFor();
    await page.getByRole('button', { name: 'Create it' }).click();
    await page.getByText('made-here does not exist yet.').waitFor({ state: 'detached' });
    await page.getByLabel('Timeout').fill('soon');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.getByText('Something cannot be read yet').waitFor();
    await page.getByLabel('Timeout').fill('90s');
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    await page.waitForURL(/#\/jobs\/\d+$/);
    expect((await world.program.api.get(`/jobs/${NAMESPACE}.made-here.good`)).body).toMatchObject({ timeoutMs: 90_000 });
    expect(panel.faults).toEqual([]);
  });

  test('shows what is changed, and asks before it is lost', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const job = await world.job({ app, description: 'before' });
    const { id } = await job.get();
    await panel.open(`/jobs/${id}/edit`);
    await page.getByLabel('Description').fill('after');
    await page.locator('[data-changes="1"]').getByText('before').waitFor();
    await page.locator('[data-verdict=dispatch]').waitFor();
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Go on editing' }).click();
    await expect.poll(() => page.getByLabel('Description').inputValue()).toBe('after');
    await page.getByRole('link', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Leave', exact: true }).click();
    await page.waitForURL(new RegExp(`#/jobs/${id}$`));
    expect((await job.get()).description).toBe('before');
    expect(panel.faults).toEqual([]);
  });

  test('never touches what is typed when somebody else saves, and puts both together', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    const job = await world.job({ app, description: 'before', tags: ['x'], timeoutMs: 5000 });
    const { id } = await job.get();
    await panel.open(`/jobs/${id}/edit`);
    await page.getByLabel('Description').fill('mine');
    await page.getByLabel('Timeout').fill('7s');
    await page.getByLabel('Tags').fill('x, mine');
    await job.change({ description: 'theirs', priority: 9, timeoutMs: 6000 });
    await page.getByText('Somebody else has saved this job meanwhile').waitFor();
    await expect.poll(() => page.getByLabel('Description').inputValue()).toBe('mine');
    await page.getByRole('button', { name: 'Save', exact: true }).first().click();
    const conflict = (field: string) => page.locator(`[data-conflict="${field}"]`);
    await conflict('description').waitFor();
    await expect.poll(() => page.locator('[data-conflict]').count()).toBe(2);
    await conflict('timeoutMs').getByLabel('Theirs').check();
    await page.getByRole('button', { name: 'Put together and save' }).click();
    await page.waitForURL(new RegExp(`#/jobs/${id}$`));
    await expect.poll(() => job.get()).toMatchObject({ description: 'mine', priority: 9, timeoutMs: 6000, tags: ['x', 'mine'] });
    expect(panel.faults).toEqual([]);
  });

  test('begins a copy from another job', async () => {
    await using panel = await openPanel(browser, world.program, { language: 'zh-CN' });
    const { page } = panel;
    const job = await world.job({ app, name: 'origin', args: [1, 2], schedule: { expression: 'TZ=Asia/Tokyo 0 0 9 * * *' }, rate: { max: 2, perMs: 1000 } });
    await panel.open(`/jobs/new?clone=${(await job.get()).id}`);
    const name = page.getByRole('textbox', { name: '名称', exact: true });
    await page.getByText('识别为：6 段 cron（首段为秒），时区 Asia/Tokyo。').waitFor();
    await expect.poll(() => name.inputValue()).toBe('origin-copy');
    await page.getByRole('button', { name: '新建', exact: true }).click();
    await page.waitForURL(/#\/jobs\/\d+$/);
    await expect.poll(() => saved('origin-copy')).toMatchObject({ args: [1, 2], schedule: { expression: 'TZ=Asia/Tokyo 0 0 9 * * *' }, rate: { max: 2, perMs: 1000 } });
    expect(panel.faults).toEqual([]);
  });

  test.each([['en', 'light', 1280], ['zh-CN', 'dark', 390]] as const)('has no barriers in %s, %s, %i px wide', async (language, theme, width) => {
    await using panel = await openPanel(browser, world.program, { language, theme, width, bypassPolicy: true });
    const { page } = panel;
    const job = await world.job({ app, schedule: { expression: '0 30 7 * * *', timezone: 'Europe/Berlin' }, overlap: 'queue', retry: { attempts: 2 }, rate: { max: 1, perMs: 1000 } });
    await panel.open(`/jobs/${(await job.get()).id}/edit`);
    await fires(page).first().waitFor();
    await page.locator('[data-verdict]').waitFor();
    await expect.poll(() => findBarriers(page)).toEqual([]);
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  });
});
