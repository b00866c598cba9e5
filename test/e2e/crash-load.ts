import { create } from '../support/create.ts';
import type { Answer, Task } from '../support/plain-worker.ts';
import type { ProgramApi } from '../support/program-api.ts';

export const NAMESPACE = 'crash';
export const APP = 'load';

interface Kind {
  readonly jobs: number;
  readonly job: Readonly<Record<string, unknown>>;
  /** What a worker says; undefined = nothing. Default: success. */
  readonly answer?: (task: Task, action: string) => Answer | undefined | Promise<Answer | undefined>;
}

const many = { maxRunning: 10_000, timeoutMs: 4_000 };
const all = { misfire: { policy: 'all', max: 1000, windowMs: 3_600_000 } };

/** Jobs are named `<kind>-<n>`; all fire every second. */
export const KINDS: Readonly<Record<string, Kind>> = {
  max: { jobs: 25, job: { model: 'max', ...many, ...all } },
  once: { jobs: 5, job: { model: 'max', ...many } },
  plus: { jobs: 15, job: { model: 'plus', ...all } },
  lite: { jobs: 8, job: { model: 'lite' } },
  map: { jobs: 8, job: { category: 'map', model: 'max', ...many, ...all }, answer: (_task, action) => (action === 'pre-start' ? { status: 'success:next' } : { status: 'success', monitorStatus: 'done' }) },
  pro: { jobs: 4, job: { model: 'pro', ...many, ...all } },
  ultra: { jobs: 8, job: { model: 'ultra', ...many, ...all } },
  each: { jobs: 3, job: { category: 'broadcast', model: 'ultra', ...many, ...all } },
  retry: { jobs: 5, job: { model: 'max', ...many, ...all, retry: { attempts: 3, delayMs: 300 } }, answer: ({ attempt = 1 }) => ({ status: attempt < 3 ? 'fail' : 'success' }) },
  queue: { jobs: 4, job: { model: 'max', ...all, maxRunning: 1, overlap: 'queue', queueLimit: 1000, timeoutMs: 1_500 }, answer: () => later(200, { status: 'success' }) },
  replace: { jobs: 2, job: { model: 'max', maxRunning: 1, overlap: 'replace', timeoutMs: 4_000 }, answer: () => later(1_500, { status: 'success' }) },
  silent: { jobs: 2, job: { model: 'max', ...many, ...all, timeoutMs: 1_000 }, answer: () => undefined },
};

/** Runs by hand, most of them with a delay. */
export const BY_HAND = 'hand-0';

export function answerOf(task: Task, action: string): Answer | undefined | Promise<Answer | undefined> {
  const kind = KINDS[task.jobName.split('-')[0] ?? ''];
  return kind?.answer === undefined ? { status: 'success' } : kind.answer(task, action);
}

/** Makes the jobs; resolves to their numbers by name. */
export async function makeJobs(api: ProgramApi): Promise<ReadonlyMap<string, number>> {
  await create(api, '/namespaces', { name: NAMESPACE });
  await create(api, `/namespaces/${NAMESPACE}/apps`, { name: APP });
  const numbers = new Map<string, number>();
  const make = async (name: string, job: object): Promise<void> => {
    await create(api, '/jobs', { namespace: NAMESPACE, app: APP, name, ...job });
    numbers.set(name, Number((await api.get(`/jobs/${NAMESPACE}.${APP}.${name}`)).body.id));
  };
  await make(BY_HAND, { model: 'max', ...many });
  const wanted = Object.entries(KINDS).flatMap(([kind, { jobs, job }]) => Array.from({ length: jobs }, (_, n) => ({ name: `${kind}-${n}`, job })));
  await Promise.all(wanted.map(({ name, job }) => make(name, { schedule: { expression: '* * * * * *' }, ...job })));
  return numbers;
}

function later<T>(delayMs: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(() => resolve(value), delayMs));
}
