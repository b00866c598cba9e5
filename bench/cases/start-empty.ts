import { listenForFirst } from '../support/first-message.ts';
import { APP, NAMESPACE } from '../support/job.ts';
import { rssMb } from '../support/proc.ts';
import { logIn, startProgram } from '../support/program.ts';
import { scratchDir } from '../support/scratch.ts';
import type { Program } from '../support/program.ts';
import { median } from '../support/statistics.ts';
import { figure } from '../support/types.ts';
import type { CaseContext, Figure } from '../support/types.ts';

const STARTS = 5;
const JOB = 'first';

/**
 * From nothing: an empty folder, an embedded nats-server from the cache; the first fire is one by hand, asked for as soon as it leads.
 * Then again on the same folder, with a job that is due each second. Medians of five.
 */
export async function startEmpty(context: CaseContext): Promise<readonly Figure[]> {
  const seen: Record<'answer' | 'ready' | 'fire' | 'rss' | 'againAnswer' | 'againReady' | 'againFire', number>[] = [];
  for (let start = 0; start < (context.quick ? 1 : STARTS); start++) {
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
      answer: since(answer, empty), ready: since(ready, empty), fire: since(fire, empty), rss,
      againAnswer: since(againAnswer, again), againReady: since(againReady, again), againFire: since(againFire, again),
    });
    await again.stop();
  }
  const of = (key: keyof (typeof seen)[0]): number => median(seen.map((one) => one[key]));
  return [
    figure('start-empty', 'ms to first answer', of('answer'), { rss_mb: of('rss') }),
    figure('start-empty/leading', 'ms', of('ready')),
    figure('start-empty/first-fire', 'ms', of('fire')),
    figure('start-empty/again-first-answer', 'ms', of('againAnswer')),
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
