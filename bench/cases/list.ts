import { ApiCaller } from '../support/api-calls.ts';
import { startBenchNats } from '../support/nats.ts';
import { rssMb } from '../support/proc.ts';
import { databaseOf, startProgram } from '../support/program.ts';
import { scratchDir } from '../support/scratch.ts';
import { settingsOf, type BenchServer } from '../support/server.ts';
import { ROWS, addressOf, seedRows, seedServer } from '../support/seed-rows.ts';
import { figure } from '../support/types.ts';
import type { Case, CaseContext, Figure } from '../support/types.ts';

const COUNT = 1_000_000;
const LIST = '/natsjob/api/runs';
const JOB = 500;
const HOUR_MS = 3_600_000;

/** `GET /runs` over a million rows, 50 a page, for every filter it knows: with values that match often, rarely and never, alone and in pairs. */
export const list: Case = (context) => measured(context, 'list', undefined);

/** The same with the view in a database server on this machine. */
export function listOn(server: BenchServer): Case {
  return (context) => measured(context, `list-${server.name}`, server);
}

async function measured(context: CaseContext, caseName: string, where: BenchServer | undefined): Promise<readonly Figure[]> {
  const now = Date.now();
  const count = context.quick ? 5_000 : COUNT;
  const home = scratchDir(context);
  const nats = await startBenchNats(context);
  const seedingAt = performance.now();
  const server = await where?.start();
  if (server !== undefined) context.defer(() => server.stop());
  const database = await server?.fresh();
  if (database === undefined) await seedRows(databaseOf({ home }), count, now);
  else await seedServer(database, count, now);
  context.note(`${count} rows in ${((performance.now() - seedingAt) / 1000).toFixed(1)} s`);
  const program = await startProgram(context, { natsUrl: nats.url, home, name: 'list', flags: ['--job-result-expire-hours', String(ROWS.days * 24 * 2)], ...(database === undefined ? {} : { environment: settingsOf(database) }) });
  await program.ready();
  const api = await ApiCaller.logIn(program);
  context.defer(() => api.close());
  const figures: Figure[] = [];
  for (const [name, query] of await queries(api, now)) {
    const path = `${LIST}?${query}`;
    const { p50, p95, p99, max, cpuUs, body } = await api.measure(path, context.quick ? 1 : 5, context.quick ? 50 : 900, 300);
    const { items, nextCursor } = JSON.parse(body) as { items: unknown[]; nextCursor: string | null };
    context.note(`${name}: ${items.length} rows${nextCursor === null ? '' : ', more to come'}`);
    figures.push(figure(`${caseName}/${name}`, 'ms p95', p95, { cpu_us: cpuUs, p50_ms: p50, p99_ms: p99, max_ms: max }));
  }
  const worst = figures.reduce((a, b) => (b.value > a.value ? b : a));
  context.note(`worst filter: ${worst.case}`);
  const mostCpu = Math.max(...figures.map((one) => one.cpu_us!));
  const result = figure(caseName, 'ms p95, worst', worst.value, { cpu_us: mostCpu, p50_ms: worst.p50_ms, p99_ms: worst.p99_ms, max_ms: Math.max(...figures.map((one) => one.max_ms!)), rss_mb: rssMb(program.pid) });
  await program.stop();
  return [result, ...figures];
}

async function queries(api: ApiCaller, now: number): Promise<readonly (readonly [string, string])[]> {
  const { namespace, app, job } = addressOf(JOB);
  const time = (daysAgo: number): string => new Date(now - daysAgo * 24 * HOUR_MS).toISOString();
  const { nextCursor } = JSON.parse(await api.get(`${LIST}?to=${time(3.5)}&limit=200`)) as { nextCursor: string };
  return [
    ['none', ''],
    ['page-in-the-middle', `cursor=${nextCursor}`],
    ['limit=200', 'limit=200'],
    ['namespace', `namespace=${namespace}`],
    ['app', `app=${app}`],
    ['job', `job=${job}`],
    ['job-by-key', `job=${namespace}.${app}.${job}`],
    ['job-unknown', 'job=nobody'],
    ...['delayed', 'waiting', 'active', 'completed', 'failed', 'expired', 'cancelled'].map((state) => [`state=${state}`, `state=${state}`] as const),
    ['state=failed,expired', 'state=failed,expired'],
    ...['schedule', 'manual', 'retry', 'catch-up', 'map', 'api'].map((trigger) => [`trigger=${trigger}`, `trigger=${trigger}`] as const),
    ['worker', 'worker=worker-3'],
    ['worker-rare', 'worker=worker-rare'],
    ['worker-unknown', 'worker=nobody'],
    ['from', `from=${time(1)}`],
    ['to', `to=${time(6)}`],
    ['from-to', `from=${time(4)}&to=${time(3)}`],
    ['reason-frequent', 'reason=warehouse'],
    ['reason-rare', 'reason=needle'],
    ['reason-never', 'reason=nothing%20like%20it'],
    ['monitorStatus', 'monitorStatus=slow'],
    ['monitorStatus-rare', 'monitorStatus=page-me'],
    ['monitorStatus-never', 'monitorStatus=nothing'],
    ['job+state=failed', `job=${job}&state=failed`],
    ['app+state=cancelled', `app=${app}&state=cancelled`],
    ['namespace+trigger=manual', `namespace=${namespace}&trigger=manual`],
    ['worker+state=expired', 'worker=worker-3&state=expired'],
    ['from-to+state=failed', `from=${time(4)}&to=${time(3)}&state=failed`],
    ['job+reason', `job=${job}&reason=reset`],
    ['worker+reason-never', 'worker=worker-3&reason=nothing%20like%20it'],
    ['monitorStatus+state=cancelled', 'monitorStatus=slow&state=cancelled'],
  ];
}
