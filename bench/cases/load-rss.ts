import { benchJob, seedJobs } from '../support/job.ts';
import { startBenchNats } from '../support/nats.ts';
import { cpuUs, rssMb } from '../support/proc.ts';
import { databaseOf, startProgram } from '../support/program.ts';
import { startSide } from '../support/side.ts';
import { sleep } from '../support/statistics.ts';
import { figure } from '../support/types.ts';
import type { CaseContext, Figure } from '../support/types.ts';
import { openView } from '../support/view.ts';

const JOBS = 25_000;
const LOOKS = 6;

/** Memory after `--minutes` of more `max` runs than can be done. */
export async function loadRss(context: CaseContext): Promise<readonly Figure[]> {
  const nats = await startBenchNats(context);
  await seedJobs(nats.url, context.quick ? 1_000 : JOBS, (number) => benchJob(number, { every: '@every 1s', jitterMs: 1_000 }));
  await startSide(context, 'support/worker.ts', { url: nats.url, subject: 'natsjob.job.start.>' });
  const program = await startProgram(context, { natsUrl: nats.url, name: 'load-rss' });
  await program.ready();
  const view = openView(context, databaseOf(program));
  await view.untilEnded(1);
  const from = { at: performance.now(), ended: await view.ended(), own: cpuUs(program.pid), nats: cpuUs(nats.pid) };
  const looks: number[] = [];
  while (looks.length < LOOKS) {
    await sleep(context.quick ? 200 : (context.minutes * 60_000) / LOOKS);
    looks.push(rssMb(program.pid));
  }
  const runs = await view.ended() - from.ended;
  const seconds = (performance.now() - from.at) / 1000;
  context.note(`MB over ${seconds.toFixed(0)} s: ${looks.map((mb) => mb.toFixed(0)).join(', ')}; ${Math.round(runs / seconds)} runs/s; nats-server ${rssMb(nats.pid).toFixed(0)} MB; rows: ${await view.describe()}`);
  const result = figure('load-rss', 'MB', looks.at(-1)!, {
    cpu_us: (cpuUs(program.pid) - from.own) / runs, nats_cpu_us: (cpuUs(nats.pid) - from.nats) / runs, rss_mb: looks.at(-1)!,
  });
  view.close();
  await program.stop();
  return [result];
}
