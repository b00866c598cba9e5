import { benchJob, seedJobs } from '../support/job.ts';
import { startBenchNats } from '../support/nats.ts';
import { cpuUs, rssMb } from '../support/proc.ts';
import { startProgram } from '../support/program.ts';
import { startSide } from '../support/side.ts';
import { sleep } from '../support/statistics.ts';
import { figure } from '../support/types.ts';
import type { CaseContext, Figure } from '../support/types.ts';

/** Share of a core and memory with 1,000 `max` jobs that run once a minute, spread over it; then with as many that do not fire meanwhile. */
export async function idle(context: CaseContext): Promise<readonly Figure[]> {
  return [
    await measure(context, 'idle', { every: '@every 1m', jitterMs: 60_000 }),
    await measure(context, 'idle/no-fires', { every: '0 0 5 1 1 *' }),
  ];
}

async function measure(context: CaseContext, name: string, schedule: { every: string; jitterMs?: number }): Promise<Figure> {
  const nats = await startBenchNats(context);
  await seedJobs(nats.url, context.quick ? 100 : 1_000, (number) => benchJob(number, schedule));
  const worker = await startSide(context, 'support/worker.ts', { url: nats.url, subject: 'natsjob.job.start.>' });
  const program = await startProgram(context, { natsUrl: nats.url, name: name.replace('/', '-') });
  await program.ready();
  await sleep(context.quick ? 500 : 10_000);
  const from = { at: performance.now(), own: cpuUs(program.pid), nats: cpuUs(nats.pid) };
  await sleep(context.quick ? 1_000 : 20_000);
  const passedUs = (performance.now() - from.at) * 1000;
  const share = (us: number): number => (us / passedUs) * 100;
  context.note(`${name}: nats-server ${share(cpuUs(nats.pid) - from.nats).toFixed(2)} % of a core`);
  const result = figure(name, '% of a core', share(cpuUs(program.pid) - from.own), { rss_mb: rssMb(program.pid) });
  await program.stop();
  await worker.stop();
  await nats.stop();
  return result;
}
