import { untilAvailable } from '../support/create.ts';
import type { ProgramApi } from '../support/program-api.ts';
import { APPS, BY_HAND, KINDS, NAMESPACE } from './load.ts';
import type { ChaosJob, Kind } from './load.ts';

/** Makes all jobs, in force from that moment (epoch ms) on. Rejects when one is refused. */
export async function makeJobs(api: ProgramApi, { from, load }: { from: number; load: number }): Promise<ChaosJob[]> {
  await made(api, '/namespaces', { name: NAMESPACE });
  for (const app of APPS) await made(api, `/namespaces/${NAMESPACE}/apps`, { name: app });
  const wanted: Promise<ChaosJob>[] = APPS.map((app) => make(api, 'hand', app, `${BY_HAND}-${app}`, { jobs: 1, job: { model: 'max', maxRunning: 10_000, timeoutMs: 4_000 }, expression: '', everySeconds: 0, isCounted: true }, {}));
  for (const [name, kind] of Object.entries(KINDS)) {
    for (let n = 0; n < Math.max(1, Math.round(kind.jobs * load)); n++) {
      const app = name === 'lite' || n % 2 === 0 ? 'core' : 'stream';
      wanted.push(make(api, name, app, `${name}-${n}`, kind, { schedule: { expression: kind.expression, startAt: new Date(from).toISOString() } }));
    }
  }
  return Promise.all(wanted);
}

/** No further fire is decided. Rejects when that cannot be had. */
export async function disableJobs(api: ProgramApi): Promise<void> {
  const { matched, done } = await made<{ matched: number; done: number }>(api, '/jobs/bulk', { filter: { namespace: NAMESPACE }, action: 'disable' });
  if (matched !== done) throw new Error(`disabled ${done} of ${matched} jobs`);
}

/** Resolves once the leader has read all that were made: only the leader explains, and it reads definitions in their order. */
export async function knownToLeader(api: ProgramApi, jobs: readonly ChaosJob[]): Promise<void> {
  const newest = Math.max(...jobs.map(({ version }) => version));
  const { number } = jobs.find(({ version }) => version === newest) as ChaosJob;
  await untilAvailable(() => api.get(`/jobs/${number}/explain`));
}

async function make(api: ProgramApi, name: string, app: ChaosJob['app'], job: string, kind: Kind, schedule: object): Promise<ChaosJob> {
  await made(api, '/jobs', { namespace: NAMESPACE, app, name: job, ...kind.job, ...schedule });
  const { id, createdAt, version } = (await untilAvailable(() => api.get(`/jobs/${NAMESPACE}.${app}.${job}`))).body as { id: string; createdAt: string; version: number };
  const { model, category = 'standalone', retry } = kind.job as { model: string; category?: string; retry?: { attempts: number } };
  const anchor = kind.expression.startsWith('@every') ? Math.floor(Date.parse(createdAt) / 1000) * 1000 : 0;
  return { kind: name, app, name: job, model, category, attempts: retry?.attempts ?? 1, isCounted: kind.isCounted, number: Number(id), version, everySeconds: kind.everySeconds, anchor };
}

/** What was refused for want of NATS may have been written all the same: then it is there. */
async function made<T>(api: ProgramApi, path: string, body: object): Promise<T> {
  let isRefused = false;
  const answer = await untilAvailable(() => api.post(path, body), () => { isRefused = true; });
  if (answer.status >= 300 && !(isRefused && answer.status === 409)) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as T;
}
