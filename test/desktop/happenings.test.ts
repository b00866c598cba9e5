import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { create, untilAvailable } from '../support/create.ts';
import { canStartDesktop, startWorld, type DesktopWorld } from '../support/electron/desktop-world.ts';
import { choose, labelsOf } from '../support/electron/stand-in-parts.ts';
import { programApi, type ProgramApi } from '../support/program-api.ts';
import { until } from '../support/until.ts';
import { startTestWorker } from '../support/worker.ts';

const canRun = await canStartDesktop();
/** More than the five seconds from which a gap counts as a sleep. */
const SLEEP_MS = 7_000;
const LONG_MS = 60_000;

describe.runIf(canRun)('what happens in the scheduler', () => {
  let world: DesktopWorld;
  let api: ProgramApi;
  const tooltip = (): string => world.trays[0]?.tooltip ?? '';
  const titles = (): unknown[] => world.notifications.map(({ options }) => options['title']);

  beforeAll(async () => {
    world = await startWorld({ argv: ['natsjob', '--hidden'] });
    await until(() => tooltip().startsWith('Nothing running'), { deadlineMs: LONG_MS, what: () => `the tray: ${tooltip()}` });
    api = programApi(`http://127.0.0.1:${world.environment['NATSJOB_HTTP_PORT']}`, 'natsjob', world.environment['NATSJOB_LOGIN_PWD'] ?? '');
    await create(api, '/namespaces', { name: 'desk' });
    await create(api, '/namespaces/desk/apps', { name: 'shop' });
  });
  afterAll(() => world?.[Symbol.asyncDispose]());

  test('a run that nobody answers is a notice, a count in the tray, and a click away', async () => {
    await create(api, '/jobs', { namespace: 'desk', app: 'shop', name: 'unanswered', category: 'standalone', model: 'max', schedule: { expression: '@every 1d' }, timeoutMs: 1_000 });
    const run = await untilAvailable(() => api.post('/jobs/desk.shop.unanswered/run', {}));
    expect(run.status, JSON.stringify(run.body)).toBeLessThan(300);
    await until(() => titles().includes('unanswered ran out of time'), { deadlineMs: LONG_MS, what: () => JSON.stringify(titles()) });
    world.notifications.find(({ options }) => options['title'] === 'unanswered ran out of time')?.emit('click', {});
    expect(world.recorder.last('window.loadURL')[0]).toMatch(new RegExp(`#/runs/${run.body.taskId}$`));
    expect(world.recorder.last('tray.setImage')).toEqual(['/icons/problem.png']);
    choose(world.trays[0]?.menu ?? [], 'Failures (1)');
  });

  test('the job can be run from the tray, and the next fire is said', async () => {
    await until(() => tooltip().includes('next unanswered') && labelsOf(world.trays[0]?.menu ?? []).includes('unanswered'), { deadlineMs: LONG_MS, what: () => `the tray: ${tooltip()}` });
    const expired = (): number => titles().filter((title) => title === 'unanswered ran out of time').length;
    const before = expired();
    choose(world.trays[0]?.menu ?? [], 'Run…', 'unanswered');
    await until(() => expired() > before, { deadlineMs: LONG_MS, what: 'the notice of that run' });
  });

  test('a computer that slept gives one summary', async () => {
    const worker = await startTestWorker(`nats://127.0.0.1:${world.environment['NATSJOB_NATS_PORT']}`);
    const told = world.notifications.length;
    const madeAt = Date.now();
    await create(api, '/jobs', { namespace: 'desk', app: 'shop', name: 'often', category: 'standalone', model: 'plus', schedule: { expression: '@every 1s' } });
    await until(() => tooltip().includes('next often'), { deadlineMs: LONG_MS, what: () => `the tray: ${tooltip()}` });
    await worker.next(({ subject }) => subject.endsWith('.often'), LONG_MS);
    await worker[Symbol.asyncDispose]();
    const pid = world.utilities[0]?.pid ?? 0;
    const sleptAt = Date.now();
    process.kill(pid, 'SIGSTOP');
    await until(() => Date.now() - sleptAt > SLEEP_MS, { what: 'the sleep' });
    process.kill(pid, 'SIGCONT');
    // From the last tick before it, which was after the job was made, to the first one after it: the sleep itself, and more on a busy machine, which may sleep by itself, too.
    const lengthOf = (title: unknown): number => Number(/^(?:Slept|Away for) (\d+) s$/.exec(String(title))?.[1]);
    const notice = await until(() => world.notifications.slice(told).find(({ options }) => lengthOf(options['title']) >= Math.floor(SLEEP_MS / 1000) - 1), { deadlineMs: LONG_MS, what: () => JSON.stringify(titles()) });
    expect(lengthOf(notice.options['title'])).toBeLessThanOrEqual(Math.ceil((Date.now() - madeAt) / 1000) + 1);
    expect(notice.options).toMatchObject({ groupId: 'gaps', body: expect.stringMatching(/^\d+ caught up, \d+ skipped$/) });
  });
});
