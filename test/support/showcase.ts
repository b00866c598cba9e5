import path from 'node:path';
import { emptyRecord } from '../../src-core/decide/index.ts';
import type { RunRecord } from '../../src-core/domain/run.ts';
import type { SkipCount } from '../../src-core/domain/skip.ts';
import { openSqliteStore } from '../../src-core/sql/index.ts';
import { runIdToText } from '../../src-core/wire/index.ts';
import { create, untilAvailable } from './create.ts';
import { startProgram, type TestProgram } from './program.ts';
import { until } from './until.ts';
import { startTestWorker, type TestWorker } from './worker.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const STAGING = 'Trials before they go live';
const BEAT_MS = 2_000;
const WORKERS = [['shop', 'shop-1', 'rack 4'], ['shop', 'shop-2', 'rack 7'], ['ledger', 'ledger-main', ''], ['plant', 'hall-a', 'gateway']] as const;

interface Shown {
  readonly app: string;
  readonly name: string;
  /** Of its past: how far apart, how long a run took, which share did not go well. */
  readonly everyMs: number;
  readonly tookMs: number;
  readonly badShare: number;
  readonly fields: Record<string, unknown>;
}

const JOBS: readonly Shown[] = [
  { app: 'shop', name: 'sync-orders', everyMs: 15 * MINUTE, tookMs: 900, badShare: 0.02, fields: { description: 'Pull new orders from the shop', schedule: { expression: '@every 15m' }, tags: ['orders', 'hourly'], owner: 'Li Wei' } },
  { app: 'shop', name: 'send-reminders', everyMs: 60 * MINUTE, tookMs: 4_000, badShare: 0, fields: { description: 'Mail customers about open carts', schedule: { expression: '0 0 * * * *', timezone: 'Europe/Berlin' }, tags: ['mail'], owner: 'Anna' } },
  { app: 'shop', name: 'refresh-prices', everyMs: 30 * MINUTE, tookMs: 12_000, badShare: 0.12, fields: { description: 'Ask suppliers for prices', schedule: { expression: '0 */30 * * * *' }, retry: { attempts: 3, backoff: 'exponential', delayMs: 2_000, maxDelayMs: 60_000, on: ['fail', 'expired'] }, tags: ['prices'] } },
  { app: 'shop', name: 'warm-cache', everyMs: 60 * MINUTE, tookMs: 300, badShare: 0, fields: { description: 'Every instance reads its pages again', category: 'broadcast', model: 'ultra', schedule: { expression: '@every 1h' } } },
  { app: 'ledger', name: 'close-day', everyMs: DAY, tookMs: 95_000, badShare: 0, fields: { description: 'Books the day and locks it', schedule: { expression: '0 5 0 * * *', timezone: 'Asia/Shanghai' }, model: 'pro', timeoutMs: 600_000, priority: 'critical', tags: ['money'], owner: 'Finance' } },
  { app: 'ledger', name: 'reconcile-banks', everyMs: 4 * 60 * MINUTE, tookMs: 40_000, badShare: 0.3, fields: { description: 'Compares statements with the books', schedule: { expression: '0 10 */4 * * *' }, args: { banks: ['ICBC', 'DKB'], currency: 'CNY' }, model: 'max', tags: ['money'] } },
  { app: 'ledger', name: 'monthly-report', everyMs: 30 * DAY, tookMs: 300_000, badShare: 0, fields: { description: 'Report for the board', schedule: { expression: '0 0 6 1 * *' }, category: 'map', model: 'max', timeoutMs: 3_600_000 } },
  { app: 'plant', name: 'read-meters', everyMs: 5 * MINUTE, tookMs: 150, badShare: 0.005, fields: { description: 'Read all meters of the hall', schedule: { expression: '@every 10s' }, model: 'plus' } },
  { app: 'plant', name: 'stop-idle-machines', everyMs: 20 * MINUTE, tookMs: 700, badShare: 0.01, fields: { description: 'Machines without an order are stopped', schedule: { expression: '0 */20 6-22 * * MON-FRI' }, model: 'ultra', condition: 'clientMaxWeight', tags: ['safety'] } },
  { app: 'plant', name: 'calibrate', everyMs: 7 * DAY, tookMs: 60_000, badShare: 0, fields: { description: 'By hand only, before the weekly audit', schedule: { expression: '' }, state: 'paused' } },
];

/** What people wrote, in their own language. */
export const GIVEN_TEXTS: ReadonlySet<string> = new Set([...JOBS.map(({ fields }) => String(fields['description'])), STAGING]);

export interface Showcase {
  readonly program: TestProgram;
  readonly worker: TestWorker;
  /** A failed run with something to look at, a completed broadcast with sub-runs, one that runs now. */
  readonly runs: { readonly failed: string; readonly wide: string; readonly active: string };
  readonly jobIds: Readonly<Record<string, string>>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A program with a past: jobs of every kind, some weeks of history, workers, a run of every state. The same each time but for the clock. */
export async function openShowcase(now: number): Promise<Showcase> {
  const program = await startProgram({ env: { NATSJOB_TIMEZONE: 'Asia/Shanghai', NATSJOB_JOB_RESULT_EXPIRE_HOURS: '2160' } });
  const { api } = program;
  await create(api, '/namespaces', { name: 'staging', description: STAGING });
  for (const name of ['shop', 'ledger', 'plant']) await create(api, '/namespaces/app/apps', { name, description: `Jobs of the ${name}` });
  const jobIds: Record<string, string> = {};
  for (const { app, name, fields } of JOBS) {
    await create(api, '/jobs', { namespace: 'app', app, name, ...fields });
    jobIds[name] = (await api.get(`/jobs/app.${app}.${name}`)).body.id as string;
  }
  await program.stop();
  await writePast(path.join(program.dataDir, 'natsjob.sqlite'), jobIds, now);
  await program.restart();
  const worker = await startTestWorker(program.natsUrl);
  await beatAll(worker);
  const beats = setInterval(() => void beatAll(worker).catch(() => {}), BEAT_MS);
  await until(async () => (await api.get('/workers')).body.items.filter((one: { live: boolean }) => one.live).length === 4, { what: 'four workers' });
  return {
    program, worker, jobIds, runs: await someRuns(program, worker),
    async [Symbol.asyncDispose]() {
      clearInterval(beats);
      await worker[Symbol.asyncDispose]();
      await program[Symbol.asyncDispose]();
    },
  };
}

async function beatAll(worker: TestWorker): Promise<void> {
  for (const [app, id, comment] of WORKERS) {
    await worker.beat({
      namespace: 'app', appName: app, id, ip: '10.0.4.17', weight: 100, comment, startTime: '2026-11-20 08:15:00',
      machineCpuUsage: '23.50%', machineMemoryUsage: '61.20%', processCpuUsage: '4.10%', processMemoryRss: '182.4MB',
    });
  }
}

async function someRuns({ api }: TestProgram, worker: TestWorker): Promise<Showcase['runs']> {
  const start = async (job: string, body = {}): Promise<string> => {
    const answer = await untilAvailable(() => api.post(`/jobs/app.${job}/run`, body));
    if (answer.status !== 202) throw new Error(`${job}: ${JSON.stringify(answer.body)}`);
    return answer.body.taskId as string;
  };
  const ended = (taskId: string): Promise<unknown> => until(async () => (await api.get(`/runs/${taskId}`)).body.endedAt !== null, { what: `end of ${taskId}` });
  const failed = await start('ledger.reconcile-banks', { args: { banks: ['ICBC'], currency: 'EUR' } });
  await worker.answer(await worker.next((seen) => seen.text.includes(failed)), {
    status: 'fail', clientId: 'ledger-main', reason: 'statement 2026-11 of ICBC: 3 bookings differ', monitorStatus: 'page', monitorPayload: JSON.stringify({ differing: 3, amount: '12840.50' }),
  });
  await ended(failed);
  const wide = await start('shop.warm-cache');
  for (const id of ['shop-1', 'shop-2']) {
    const order = await worker.next((seen) => seen.text.includes(wide) && seen.subject.endsWith(id));
    await worker.answer(order, { status: 'success', clientId: id, reason: `${id} read 120 pages`, sceneId: 'pages', sceneName: 'All pages' });
  }
  await ended(wide);
  const active = await start('ledger.close-day');
  return { failed, wide, active };
}

async function writePast(file: string, jobIds: Readonly<Record<string, string>>, now: number): Promise<void> {
  const store = await openSqliteStore({ file, log: silent, readerEntry: new URL('../../src-core/sql/reader-thread.ts', import.meta.url) });
  const runs = JOBS.flatMap((job) => pastOf(job, Number(jobIds[job.name]), now)).sort((a, b) => a.scheduledAt - b.scheduledAt);
  for (let from = 0; from < runs.length; from += 2_000) {
    await store.apply({ term: 1, checkpoints: [], insertRuns: runs.slice(from, from + 2_000), updateRuns: [], putSubRuns: [], addSkips: [], putWorkers: [], definitions: [] });
  }
  await store.apply({ term: 1, checkpoints: [], insertRuns: [], updateRuns: [], putSubRuns: [], addSkips: skipsOf(jobIds, now), putWorkers: [], definitions: [] });
  await store.close();
}

function pastOf({ app, name, everyMs, tookMs, badShare, fields }: Shown, jobNumber: number, now: number): RunRecord[] {
  if (fields['model'] === 'plus') return [];
  const past: RunRecord[] = [];
  const first = Math.floor((now - 60 * DAY) / everyMs) * everyMs;
  // Often enough for charts; a job of every five minutes is shown for two weeks only.
  for (let at = everyMs < 30 * MINUTE ? Math.max(first, Math.floor((now - 14 * DAY) / everyMs) * everyMs) : first; at < now - 2 * MINUTE; at += everyMs) {
    const chance = (Math.imul(Math.floor(at / MINUTE) + jobNumber * 7919, 0x9e3779b1) >>> 0) / 2 ** 32;
    const record = emptyRecord(runIdToText(at, 0, jobNumber), { jobNumber, namespace: 'app', app, job: name });
    const isBad = chance < badShare || (name === 'reconcile-banks' && now - at < 13 * 60 * MINUTE);
    const took = Math.round(tookMs * (0.7 + 0.6 * chance) * (isBad ? 1.8 : 1));
    Object.assign(record, {
      category: fields['category'] ?? 'standalone', model: fields['model'] ?? 'max', trigger: 'schedule', step: 1, scheduledAt: at, dueAt: at,
      dispatchedAt: at + 1 + Math.floor(chance * 6), expiresAt: at + 600_000, endedAt: at + 1 + Math.floor(chance * 6) + took,
      state: isBad ? (chance < badShare / 3 ? 'expired' : 'failed') : 'completed', status: isBad ? 'fail' : 'success',
      reason: isBad ? 'connection reset by peer' : 'ok', workerId: `${app}-${1 + (Math.floor(at / everyMs) % 2)}`,
    });
    past.push(record);
  }
  return past;
}

function skipsOf(jobIds: Readonly<Record<string, string>>, now: number): SkipCount[] {
  const hour = (ago: number): number => Math.floor(now / 3_600_000) * 3_600_000 - ago * 3_600_000;
  const skip = (app: string, job: string, reason: SkipCount['reason'], ago: number, count: number): SkipCount => ({
    jobNumber: Number(jobIds[job]), namespace: 'app', app, job, reason, hour: hour(ago), count, lastAt: hour(ago) + 59 * MINUTE,
  });
  return [
    skip('shop', 'refresh-prices', 'overlap', 2, 2), skip('shop', 'refresh-prices', 'overlap', 5, 1),
    skip('plant', 'stop-idle-machines', 'no-worker', 9, 3), skip('plant', 'stop-idle-machines', 'weight-zero', 10, 1),
    skip('ledger', 'close-day', 'misfire', 20, 1),
  ];
}
