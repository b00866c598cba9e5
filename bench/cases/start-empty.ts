import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sparePort } from '../../test/support/spare-port.ts';
import { listenForFirst } from '../support/first-message.ts';
import { APP, NAMESPACE } from '../support/job.ts';
import { rssMb } from '../support/proc.ts';
import { LOOK_MS, logIn, startProgram } from '../support/program.ts';
import { scratchDir } from '../support/scratch.ts';
import type { Program } from '../support/program.ts';
import { median, sleep } from '../support/statistics.ts';
import { figure } from '../support/types.ts';
import type { CaseContext, Figure } from '../support/types.ts';

const STARTS = 5;
const JOB = 'first';

/**
 * From nothing: an empty folder, an embedded nats-server from the cache; the first fire is one by hand, asked for as soon as it leads.
 * Then again on the same folder, with a job that is due each second. Medians of five. Limit: a bare HTTP server of Node.
 */
export async function startEmpty(context: CaseContext): Promise<readonly Figure[]> {
  const seen: Record<'bare' | 'answer' | 'ready' | 'fire' | 'rss' | 'againAnswer' | 'againReady' | 'againFire', number>[] = [];
  for (let start = 0; start < (context.quick ? 1 : STARTS); start++) {
    const bare = await bareAnswer(context);
    const home = scratchDir(context);
    const empty = await startProgram(context, { home, name: 'start-empty' });
    const answer = await empty.answering();
    const ready = await empty.ready();
    const { first } = await listenForFirst(context, empty.natsUrl, 'natsjob.job.start.>');
    const createdAt = performance.now();
    await createAndRun(empty);
    const fire = (await first) - createdAt + ready;
    const rss = rssMb(empty.pid);
    await empty.stop();

    const again = await startProgram(context, { home, name: 'start-again' });
    // Its nats-server has to be up before anybody can listen, and it may fire before we do: that is a fire each second for one who does.
    const listening = listenForFirst(context, again.natsUrl, 'natsjob.job.start.>');
    const againAnswer = await again.answering();
    const againReady = await again.ready();
    const againFire = await (await listening).first;
    const since = (at: number, program: Program): number => at - program.startedAt;
    seen.push({
      bare, answer: since(answer, empty), ready: since(ready, empty), fire: since(fire, empty), rss,
      againAnswer: since(againAnswer, again), againReady: since(againReady, again), againFire: since(againFire, again),
    });
    await again.stop();
  }
  const of = (key: keyof (typeof seen)[0]): number => median(seen.map((one) => one[key]));
  return [
    figure('start-empty', 'ms to first answer', of('answer'), { limit: of('bare'), rss_mb: of('rss') }),
    figure('start-empty/leading', 'ms', of('ready')),
    figure('start-empty/first-fire', 'ms', of('fire')),
    figure('start-empty/again-first-answer', 'ms', of('againAnswer'), { limit: of('bare') }),
    figure('start-empty/again-leading', 'ms', of('againReady')),
    figure('start-empty/again-first-fire', 'ms', of('againFire')),
  ];
}

async function createAndRun(program: Program): Promise<void> {
  const token = await logIn(program);
  const post = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`${program.url}/natsjob/api/${path}`, {
      method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`POST ${path} was answered with ${answer.status}: ${await answer.text()}`);
  };
  await post('namespaces', { name: NAMESPACE });
  await post(`namespaces/${NAMESPACE}/apps`, { name: APP });
  await post('jobs', { namespace: NAMESPACE, app: APP, name: JOB, model: 'plus', schedule: { expression: '* * * * * *' } });
  await post(`jobs/${NAMESPACE}.${APP}.${JOB}/run`, {});
}

/** Milliseconds until a bare server of Node answers. */
async function bareAnswer(context: CaseContext): Promise<number> {
  const port = await sparePort();
  const startedAt = performance.now();
  const child = spawn(process.execPath, [fileURLToPath(new URL('../limits/answer.mjs', import.meta.url)), String(port)], { stdio: 'ignore' });
  context.defer(() => void child.kill('SIGKILL'));
  while ((await fetch(`http://127.0.0.1:${port}`).catch(() => undefined)) === undefined) {
    if (performance.now() - startedAt > 60_000) throw new Error('The bare server did not answer.');
    await sleep(LOOK_MS);
  }
  const took = performance.now() - startedAt;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  return took;
}
