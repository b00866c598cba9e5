import type { Lateness } from '../support/counter.ts';
import { benchJob, seedJobs } from '../support/job.ts';
import { startBenchNats } from '../support/nats.ts';
import { cpuUs, rssMb } from '../support/proc.ts';
import { databaseOf, startProgram } from '../support/program.ts';
import { startSide } from '../support/side.ts';
import { sleep } from '../support/statistics.ts';
import { figure } from '../support/types.ts';
import type { Case, CaseContext, Figure } from '../support/types.ts';
import { openView } from '../support/view.ts';

interface Load {
  readonly name: string;
  readonly jobs: number;
  readonly expression: string;
  readonly jitterMs: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** How long after its fire a `max` run is handed over, while a worker answers all of them. */
export function lateness(...loads: Load[]): Case {
  return async (context) => {
    const figures: Figure[] = [];
    for (const load of loads) figures.push(await measure(context, load));
    return figures;
  };
}

async function measure(context: CaseContext, { name, jobs, expression, jitterMs, warmUpMs, measureMs }: Load): Promise<Figure> {
  const nats = await startBenchNats(context);
  await seedJobs(nats.url, context.quick ? jobs / 10 : jobs, (number) => benchJob(number, { every: context.quick ? '* * * * * *' : expression, jitterMs }));
  const worker = await startSide(context, 'support/worker.ts', { url: nats.url, subject: 'natsjob.job.start.>' });
  const counter = await startSide(context, 'support/counter.ts', { url: nats.url, subject: 'natsjob.job.start.>', lateness: true });
  const program = await startProgram(context, { natsUrl: nats.url, name });
  await program.ready();
  const view = openView(context, databaseOf(program));
  await view.untilEnded(1);
  await sleep(context.quick ? 500 : warmUpMs);
  counter.send({ type: 'reset' });
  const from = { own: cpuUs(program.pid), nats: cpuUs(nats.pid) };
  await sleep(context.quick ? 1_500 : measureMs);
  const to = { own: cpuUs(program.pid), nats: cpuUs(nats.pid) };
  counter.send({ type: 'lateness' });
  const late = await counter.next<Lateness>('lateness');
  context.note(`${late.count} runs; at the worker p99 ${late.arrivalP99} ms, max ${late.arrivalMax} ms; rows: ${await view.describe()}`);
  const result = figure(name, 'ms p99', late.p99, {
    cpu_us: (to.own - from.own) / late.count, nats_cpu_us: (to.nats - from.nats) / late.count,
    p50_ms: late.p50, p99_ms: late.p99, max_ms: late.max, rss_mb: rssMb(program.pid),
  });
  view.close();
  await program.stop();
  await Promise.all([worker.stop(), counter.stop()]);
  await nats.stop();
  return result;
}
