import { listenForFirst } from '../support/first-message.ts';
import { benchJob, seedJobs } from '../support/job.ts';
import { startBenchNats } from '../support/nats.ts';
import { cpuUs, rssMb } from '../support/proc.ts';
import { startProgram } from '../support/program.ts';
import { scratchDir } from '../support/scratch.ts';
import { startSide } from '../support/side.ts';
import { median, sleep } from '../support/statistics.ts';
import { figure } from '../support/types.ts';
import type { CaseContext, Figure } from '../support/types.ts';

const JOBS = 100_000;
const STARTS = 3;
/** Every so many'th job fires each second, so that the first fire is not waited for; all others once an hour. */
const OFTEN = 1_000;

/** Starts with 100,000 jobs in the bucket and in the view already; medians of three. */
export async function start100k(context: CaseContext): Promise<readonly Figure[]> {
  const nats = await startBenchNats(context);
  await seedJobs(nats.url, context.quick ? 2_000 : JOBS, (number) => benchJob(number, number % OFTEN === 0
    ? { every: '@every 1s', jitterMs: 1_000 } : { every: '@every 1h', jitterMs: 3_600_000 }));
  await startSide(context, 'support/worker.ts', { url: nats.url, subject: 'natsjob.job.start.>' });
  const home = scratchDir(context);
  const begun = await startProgram(context, { natsUrl: nats.url, home, name: 'start-100k-first' });
  context.note(`first start, which reads all jobs from the bucket: ready after ${Math.round((await begun.ready()) - begun.startedAt)} ms`);
  await sleep(context.quick ? 500 : 3_000);
  await begun.stop();

  const seen: { answer: number; ready: number; fire: number; cpu: number; rss: number }[] = [];
  for (let start = 0; start < (context.quick ? 1 : STARTS); start++) {
    const { first } = await listenForFirst(context, nats.url, 'natsjob.job.start.>');
    const program = await startProgram(context, { natsUrl: nats.url, home, name: 'start-100k' });
    const answer = await program.answering();
    const ready = await program.ready();
    const cpu = cpuUs(program.pid);
    const fire = await first;
    await sleep(context.quick ? 200 : 3_000);
    seen.push({ answer: answer - program.startedAt, ready: ready - program.startedAt, fire: fire - program.startedAt, cpu, rss: rssMb(program.pid) });
    await program.stop();
  }
  const of = (key: keyof (typeof seen)[0]): number => median(seen.map((one) => one[key]));
  context.note(`CPU until ready: ${Math.round(of('cpu') / 1000)} ms`);
  return [
    figure('start-100k', 'ms to leading', of('ready'), { rss_mb: of('rss') }),
    figure('start-100k/first-answer', 'ms', of('answer')),
    figure('start-100k/first-fire', 'ms', of('fire')),
  ];
}
