import path from 'node:path';
import { benchJob, seedJobs } from '../support/job.ts';
import { startBenchNats } from '../support/nats.ts';
import { cpuUs, rssMb } from '../support/proc.ts';
import { databaseOf, startProgram } from '../support/program.ts';
import { scratchDir } from '../support/scratch.ts';
import { settingsOf, type BenchServer } from '../support/server.ts';
import { startSide } from '../support/side.ts';
import { runSketch } from '../support/sketch.ts';
import type { SketchResult } from '../support/sketch.ts';
import { countAfter, median, sleep } from '../support/statistics.ts';
import { figure } from '../support/types.ts';
import type { Case, CaseContext, Figure } from '../support/types.ts';
import { openServerView, openView } from '../support/view.ts';

/**
 * One fire a second each: more than can be done, so the scheduler never waits for work. The sketch has as many, because rows
 * of many jobs cost more than rows of few.
 */
const JOBS = 25_000;

export const max: Case = (context) => measured(context, 'max', undefined);

/** The same with the view in a database server on this machine, whose commits reach the disk. */
export function maxOn(server: BenchServer): Case {
  return (context) => measured(context, `max-${server.name}`, server);
}

/** Runs a second of `max` that were fired by schedule, handed over, answered and stored, with more asked for than can be done. */
async function measured(context: CaseContext, name: string, server: BenchServer | undefined): Promise<readonly Figure[]> {
  const jobs = context.quick ? 1_000 : JOBS;
  const before = await limit(context, jobs);
  const product = await measure(context, jobs, server);
  const after = await limit(context, jobs);
  const sketch = median([before.perSecond, after.perSecond]);
  context.note(`sketch: ${say(before)}; ${say(after)}`);
  if (product.perSecond > jobs * 0.95) context.note('all that was asked for was done: it could do more');
  return [figure(name, 'runs/s', product.perSecond, { limit: sketch, cpu_us: product.cpuUs, nats_cpu_us: product.natsCpuUs, rss_mb: product.rssMb })];
}

async function limit(context: CaseContext, jobs: number): Promise<SketchResult> {
  const nats = await startBenchNats(context);
  const worker = await startSide(context, 'support/worker.ts', { url: nats.url, subject: 'natsjob.job.start.>' });
  const sketch = await startSide(context, 'limits/max.ts', {
    url: nats.url, jobs, file: path.join(scratchDir(context), 'view.sqlite'), ...(context.quick ? { warmUpMs: 200, measureMs: 300 } : { warmUpMs: 2_000, measureMs: 5_000 }),
  });
  const result = await runSketch(sketch, nats);
  await Promise.all([sketch.stop(), worker.stop()]);
  await nats.stop();
  return result;
}

async function measure(context: CaseContext, jobs: number, where: BenchServer | undefined): Promise<SketchResult & { rssMb: number }> {
  const nats = await startBenchNats(context);
  await seedJobs(nats.url, jobs, (number) => benchJob(number, { every: '@every 1s', jitterMs: 1_000 }));
  const worker = await startSide(context, 'support/worker.ts', { url: nats.url, subject: 'natsjob.job.start.>' });
  const database = await where?.start();
  if (database !== undefined) context.defer(() => database.stop());
  const address = await database?.fresh();
  const program = await startProgram(context, { natsUrl: nats.url, name: 'max', ...(address === undefined ? {} : { environment: settingsOf(address) }) });
  await program.ready();
  const view = database === undefined || address === undefined ? openView(context, databaseOf(program)) : openServerView(database, address.database);
  await view.untilEnded(1);
  await sleep(context.quick ? 500 : 5_000);
  const from = { at: performance.now(), ended: await view.ended(), cpu: cpuUs(program.pid), nats: cpuUs(nats.pid), worker: cpuUs(worker.pid) };
  const runs = await countAfter(context.quick ? 1_000 : 12_000, async () => await view.ended() - from.ended);
  const seconds = (performance.now() - from.at) / 1000;
  const result = {
    perSecond: runs / seconds, cpuUs: (cpuUs(program.pid) - from.cpu) / runs, natsCpuUs: (cpuUs(nats.pid) - from.nats) / runs, rssMb: rssMb(program.pid),
  };
  context.note(`${jobs} fires/s asked for; worker ${((cpuUs(worker.pid) - from.worker) / runs).toFixed(1)} µs a run; rows: ${await view.describe()}`);
  view.close();
  await program.stop();
  await worker.stop();
  await nats.stop();
  return result;
}

function say({ perSecond, cpuUs: cpu, natsCpuUs }: SketchResult): string {
  return `${Math.round(perSecond)} runs/s at ${cpu.toFixed(1)} µs, nats-server ${natsCpuUs.toFixed(1)} µs`;
}
