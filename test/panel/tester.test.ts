import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBarriers } from '../support/axe.ts';
import { findChromium, hashOf, openBrowser, openPanel } from '../support/browser.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type TestJob, type World } from '../support/world.ts';

const chromium = findChromium();

describe.skipIf(chromium === undefined)('the subject tester', () => {
  let world: World;
  let browser: Browser;
  let job: TestJob;

  beforeAll(async () => {
    world = await openWorld();
    browser = await openBrowser();
    job = await world.job({ name: 'tried', model: 'ultra' });
    // The bucket forgets a beat after 30 s.
    await world.stayLive(job.app, 'seen-worker', { comment: 'in the bucket' });
  });

  afterAll(async () => {
    await browser.close();
    await world[Symbol.asyncDispose]();
  });

  test.each(['en', 'zh-CN'] as const)('publishes a message built from a job, headers and all, in %s', async (language) => {
    await using panel = await openPanel(browser, world.program, { language });
    const { page } = panel;
    const en = language === 'en';
    await panel.open('/tester');
    await page.getByText(en ? 'Real workers get this' : '真实的客户端会收到').waitFor();
    await page.getByLabel(en ? 'Subject from a job' : '由任务生成主题').fill(job.key);
    await page.getByRole('button', { name: en ? 'To one worker' : '指定客户端' }).click();
    await page.getByText(en ? 'in angle brackets' : '请将尖括号部分').waitFor();
    const worker = `worker-${language}`;
    await page.getByRole('textbox', { name: en ? 'Subject' : '主题', exact: true }).fill(job.subject('client-start', worker));
    await page.getByRole('button', { name: en ? 'Fill in a start message' : '填入启动消息' }).click();
    await page.getByRole('button', { name: en ? 'Add a header' : '添加消息头' }).click();
    await page.getByLabel(en ? 'Name of header 1' : '第 1 个消息头的名称').fill('X-Try');
    await page.getByLabel(en ? 'Value of header 1' : '第 1 个消息头的值').fill('yes');
    await page.getByRole('main').locator('form button[type=submit]').first().click();
    await page.locator('[data-sent="1"]').waitFor();
    const seen = await world.worker.next(job.subject('client-start', worker));
    expect(seen.header('X-Try')).toBe('yes');
    expect(seen.task).toMatchObject({ jobName: 'tried', jobRunningCount: 0 });
    expect(panel.faults).toEqual([]);
  });

  test('says at the field what the server refuses', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/tester');
    await page.getByRole('textbox', { name: 'Subject', exact: true }).fill('elsewhere.job');
    await page.getByRole('button', { name: 'Publish' }).click();
    await page.getByText(/must be a whole subject under/).waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('watches a subject live: shows, filters, pauses, opens, clears, stops', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/');
    await page.locator('[data-live=live]').waitFor();
    await panel.open('/tester');
    await page.getByLabel('Subject to watch').fill(`natsjob.job.start.${NAMESPACE}.>`);
    await page.getByRole('button', { name: 'Watch', exact: true }).click();
    await page.getByText('Waiting for the first message').waitFor();
    const shown = page.locator('[data-message]');
    await until(async () => {
      await world.worker.publish(`natsjob.job.start.${NAMESPACE}.app.first`, { order: { id: 17 } });
      return (await shown.count()) > 0;
    });
    await world.worker.publish(`natsjob.job.start.${NAMESPACE}.app.second`, 'plain');
    await shown.filter({ hasText: 'app.second' }).waitFor();
    await expect.poll(() => hashOf(page)).toContain('watch=');
    await page.getByLabel('Filter by subject or text').fill('order');
    await shown.filter({ hasText: 'app.second' }).waitFor({ state: 'detached' });
    await shown.first().click();
    await page.locator('[data-detail]').getByText('"id": 17').waitFor();
    await page.getByLabel('Filter by subject or text').fill('');
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await world.worker.publish(`natsjob.job.start.${NAMESPACE}.app.third`, 'later');
    await page.getByRole('button', { name: 'Go on (1 waiting)' }).click();
    await shown.filter({ hasText: 'app.third' }).waitFor();
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await shown.first().waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Nothing is watched').waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('keeps few lines in the page when thousands come', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/tester?watch=natsjob.job.start.%3E');
    await until(async () => {
      await Promise.all(Array.from({ length: 150 }, (_, index) => world.worker.publish(`natsjob.job.start.${NAMESPACE}.app.many`, String(index))));
      return Number(await page.locator('[data-count]').getAttribute('data-count')) > 400;
    });
    await expect.poll(() => page.locator('[data-message]').count()).toBeLessThan(60);
    expect(panel.faults).toEqual([]);
  });

  test('refuses to watch what is not its own', async () => {
    await using panel = await openPanel(browser, world.program);
    await panel.open('/tester?watch=other.%3E');
    await panel.page.getByText('This cannot be watched').waitFor();
    expect(panel.faults).toEqual([]);
  });

  test('pings, and browses the buckets', async () => {
    await using panel = await openPanel(browser, world.program);
    const { page } = panel;
    await panel.open('/tester');
    await page.getByRole('button', { name: 'Ping NATS' }).click();
    await page.locator('[data-ping]').getByText(/Answered in/).waitFor();
    await page.getByRole('tab', { name: 'Buckets' }).click();
    await page.getByRole('button', { name: /^natsjob-heartbeat/ }).click();
    const entry = page.locator('[data-entry]').filter({ hasText: 'seen-worker' });
    await entry.waitFor();
    await page.locator('[data-filter]').fill('natsjob.heartbeat.client.nobody');
    await page.getByText('No key begins with that').waitFor();
    await page.locator('[data-filter]').fill(`natsjob.heartbeat.client.${NAMESPACE}`);
    await entry.getByRole('button').click();
    await page.getByRole('dialog').getByText('"comment": "in the bucket"').waitFor();
    await expect.poll(() => hashOf(page)).toContain('bucket=natsjob-heartbeat');
    expect(panel.faults).toEqual([]);
  });

  test.each([['en', 'light', 1280], ['zh-CN', 'dark', 390], ['en', 'dark', 320]] as const)('has no barriers and does not scroll sideways: %s %s %i', async (language, theme, width) => {
    await using panel = await openPanel(browser, world.program, { language, theme, width, bypassPolicy: true });
    const { page } = panel;
    await panel.open('/tester?watch=natsjob.job.start.%3E');
    await until(async () => {
      await world.worker.publish(`natsjob.job.start.${NAMESPACE}.app.axe`, { a: 1 });
      return (await page.locator('[data-message]').count()) > 0;
    });
    await page.locator('[data-message]').first().click();
    await page.locator('[data-detail]').waitFor();
    await expect.poll(() => findBarriers(page)).toEqual([]);
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    await panel.open('/tester?view=buckets&bucket=natsjob-heartbeat');
    await page.locator('[data-entry]').first().waitFor();
    await expect.poll(() => findBarriers(page)).toEqual([]);
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  });
});
