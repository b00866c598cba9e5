import { benchJob, seedJobs } from '../support/job.ts';
import { startBenchNats } from '../support/nats.ts';
import type { BenchNats } from '../support/nats.ts';
import { cpuUs, rssMb } from '../support/proc.ts';
import { startProgram } from '../support/program.ts';
import { startSide } from '../support/side.ts';
import type { Side } from '../support/side.ts';
import { countAfter, median, sleep } from '../support/statistics.ts';
import { figure } from '../support/types.ts';
import type { Case, CaseContext, Figure } from '../support/types.ts';

interface Counted {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly natsCpuUs: number;
}

/** Far above what the aims ask for, and still quick to seed. */
const MOST_JOBS = { lite: 150_000, plus: 80_000 };

/** Dispatches a second of a model that is sent and forgotten, with more asked for than can be done; a core subscriber in a second process counts. */
export function dispatches(model: 'lite' | 'plus'): Case {
  return async (context): Promise<readonly Figure[]> => {
    const before = await limit(context, model);
    const jobs = Math.round(Math.min(context.quick ? 5_000 : MOST_JOBS[model], before.perSecond * 1.1));
    const product = await measure(context, model, jobs);
    const after = await limit(context, model);
    if (product.perSecond > jobs * 0.95) context.note('all that was asked for was done: it could do more');
    context.note(`sketch: ${say(before)}; ${say(after)}`);
    return [figure(model, 'dispatches/s', product.perSecond, {
      limit: median([before.perSecond, after.perSecond]), cpu_us: product.cpuUs, nats_cpu_us: product.natsCpuUs, rss_mb: product.rssMb,
    })];
  };
}

async function limit(context: CaseContext, model: 'lite' | 'plus'): Promise<Counted> {
  const nats = await startBenchNats(context);
  const counter = await startSide(context, 'support/counter.ts', { url: nats.url, subject: subjectOf(model) });
  const sketch = await startSide(context, 'limits/publish.ts', { url: nats.url, model });
  sketch.send({ type: 'go' });
  await sleep(context.quick ? 200 : 2_000);
  const result = await count(counter, sketch.pid, nats, context.quick ? 300 : 4_000);
  await Promise.all([sketch.stop(), counter.stop()]);
  await nats.stop();
  return result;
}

async function measure(context: CaseContext, model: 'lite' | 'plus', jobs: number): Promise<Counted & { rssMb: number }> {
  const nats = await startBenchNats(context);
  await seedJobs(nats.url, jobs, (number) => benchJob(number, { every: '@every 1s', jitterMs: 1_000, model }));
  const counter = await startSide(context, 'support/counter.ts', { url: nats.url, subject: subjectOf(model) });
  const program = await startProgram(context, { natsUrl: nats.url, name: model });
  await program.ready();
  await sleep(context.quick ? 1_500 : 6_000);
  const result = { ...await count(counter, program.pid, nats, context.quick ? 1_000 : 10_000), rssMb: rssMb(program.pid) };
  context.note(`${jobs} fires/s asked for`);
  await program.stop();
  await counter.stop();
  await nats.stop();
  return result;
}

async function count(counter: Side, pid: number, nats: BenchNats, forMs: number): Promise<Counted> {
  const look = async (): Promise<{ count: number; at: number; own: number; nats: number }> => {
    counter.send({ type: 'count' });
    return { ...await counter.next<{ count: number; at: number }>('count'), own: cpuUs(pid), nats: cpuUs(nats.pid) };
  };
  const from = await look();
  let to = from;
  const messages = await countAfter(forMs, async () => (to = await look()).count - from.count);
  if (messages === 0) throw new Error('Nothing was dispatched.');
  return { perSecond: (messages / (to.at - from.at)) * 1000, cpuUs: (to.own - from.own) / messages, natsCpuUs: (to.nats - from.nats) / messages };
}

function subjectOf(model: 'lite' | 'plus'): string {
  return model === 'lite' ? 'natsjob-void.job.start.>' : 'natsjob.job.start.>';
}

function say({ perSecond, cpuUs: cpu, natsCpuUs }: Counted): string {
  return `${Math.round(perSecond)}/s at ${cpu.toFixed(1)} µs, nats-server ${natsCpuUs.toFixed(1)} µs`;
}
