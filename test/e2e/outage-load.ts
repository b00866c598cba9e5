import { expect } from 'vitest';
import { runIdFloor } from '../../src-core/wire/index.ts';
import { create, untilAvailable } from '../support/create.ts';
import { disableAll } from '../support/disable-all.ts';
import { startPlainWorker } from '../support/plain-worker.ts';
import type { TestProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { startWitness } from '../support/witness.ts';
import type { Sighting, Witness } from '../support/witness.ts';

export const NAMESPACE = 'outage';
export const APP = 'load';
const JOBS = 10;
/** How long before a stream goes it can have been sent what it does not store any more: whoever sends may stand still. */
const UNSTORED_MS = 10_000;

/** Ten jobs that fire every second, a worker that answers at once, and somebody who counts. */
export interface Load {
  readonly witness: Witness;
  /** Resolves when a run that was due after this call is in the view, completed. */
  untilRunsAgain(): Promise<void>;
  /**
   * Disables the jobs; resolves when every run has ended and the view shows it, with all rows. A view that several nodes share
   * is as far as the one that leads, its `writer`, has read and written.
   */
  finish(writer?: TestProgram): Promise<readonly Row[]>;
  /**
   * Takes the runs stream away and waits until it is there again. What is sent meanwhile is shown and not stored: nobody can know
   * that, so it is shown once more.
   */
  whileLost<T>(work: () => Promise<T>): Promise<T>;
  /** Subject and taskId of whatever was seen more than once, and more often than the loss of a stream explains. */
  seenTwice(): string[];
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Row {
  readonly taskId: string;
  readonly job: string;
  readonly state: string;
  readonly scheduledAt: string;
  readonly reason: string;
}

/** The program may still be waiting for NATS: `natsUrl` is where it will be. In a cluster it is a node that stays reachable. */
export async function openLoad(program: TestProgram, natsUrl = program.natsUrl, job: Readonly<Record<string, unknown>> = {}): Promise<Load> {
  const { api } = program;
  const worker = await startPlainWorker({ url: natsUrl, namespace: NAMESPACE, app: APP, answer: () => ({ status: 'success' }) });
  const witness = await startWitness(natsUrl, NAMESPACE, APP);
  await create(api, '/namespaces', { name: NAMESPACE });
  await create(api, `/namespaces/${NAMESPACE}/apps`, { name: APP });
  for (let n = 0; n < JOBS; n++) {
    await create(api, '/jobs', {
      namespace: NAMESPACE, app: APP, name: `job-${n}`, schedule: { expression: '* * * * * *' }, maxRunning: 10_000, timeoutMs: 4_000,
      misfire: { policy: 'all', max: 1_000, windowMs: 120_000 }, ...job,
    });
  }
  const losses: { from: number; to: number }[] = [];
  const isOfLoss = ({ taskId, times: [first = 0, ...again] }: Sighting): boolean =>
    again.length === 1 && losses.some(({ from, to }) => first > from - UNSTORED_MS && BigInt(taskId) < runIdFloor(to));
  const load: Load = {
    witness,
    async whileLost(work) {
      const from = Date.now();
      try {
        return await work();
      } finally {
        losses.push({ from, to: Date.now() });
      }
    },
    async untilRunsAgain() {
      const from = encodeURIComponent(new Date(Date.now() + 1).toISOString());
      await until(async () => {
        const { status, body } = await api.get(`/runs?namespace=${NAMESPACE}&state=completed&limit=1&from=${from}`);
        return status === 200 && body.items.length > 0;
      }, { what: () => `a completed run\n${program.output()}` });
    },
    async finish(writer = program) {
      await disableAll(api, NAMESPACE);
      await until(() => knowsAllDisabled(program), { what: 'the leader to know it' });
      await until(async () => (await api.get('/servers')).body.items?.[0]?.lag === 0, { what: 'the log to be read' });
      for (const node of new Set([program, writer])) await untilLevel(node);
      return readRows(program);
    },
    seenTwice: () => [...witness.sightings].filter((sighting) => sighting.times.length > 1 && !isOfLoss(sighting)).map(({ subject, taskId, times }) => `${subject} ${taskId} ${times.join()}`),
    async [Symbol.asyncDispose]() {
      await worker[Symbol.asyncDispose]();
      await witness[Symbol.asyncDispose]();
    },
  };
  await load.untilRunsAgain();
  return load;
}

/** Resolves when the node has read that the jobs are disabled, all runs have ended, and what it writes of them is in the view. */
export async function untilLevel(program: TestProgram, namespace = NAMESPACE): Promise<void> {
  const { api } = program;
  let last = '';
  await until(async () => {
    const { body: jobs } = await api.get(`/overview?namespace=${namespace}`);
    const { body: all } = await api.get('/overview');
    const { body: servers } = await api.get('/servers');
    const lag = servers.items?.[0]?.projectionLag;
    last = JSON.stringify({ jobsEnabled: jobs.jobsEnabled, running: all.running, queued: all.queued, lag });
    return jobs.jobsEnabled === 0 && all.running + all.queued === 0 && lag === 0;
  }, { what: () => `all runs to end and to be in the view (${last})\n${program.output()}` });
}

/** Every fire has one row, and has ended; with the load: no message was seen twice. */
export function expectWhole(rows: readonly Row[], load?: Load): void {
  expect(twiceIn(rows)).toEqual([]);
  expect(missingFires(rows)).toEqual([]);
  expect(rows.filter(({ state }) => !['completed', 'expired'].includes(state))).toEqual([]);
  expect(load?.seenTwice() ?? []).toEqual([]);
}

export function twiceIn(rows: readonly Row[]): string[] {
  const seen = new Set<string>();
  return rows.map(({ taskId }) => taskId).filter((id) => seen.has(id) || !seen.add(id));
}

/** Seconds between a job's first fire and its last that have no row. */
export function missingFires(rows: readonly Row[]): string[] {
  const byJob = new Map<string, number[]>();
  for (const { job, scheduledAt } of rows) if (job.startsWith('job-')) byJob.set(job, [...(byJob.get(job) ?? []), Date.parse(scheduledAt)]);
  const missing: string[] = [];
  for (const [job, fires] of byJob) {
    const known = new Set(fires);
    for (let at = Math.min(...fires); at < Math.max(...fires); at += 1000) if (!known.has(at)) missing.push(`${job} ${new Date(at).toISOString()}`);
  }
  return missing;
}

/** Explaining is the leader's, whichever node is asked: from then on it sends no fire. */
async function knowsAllDisabled({ api }: TestProgram): Promise<boolean> {
  const { status, body } = await api.get(`/jobs?namespace=${NAMESPACE}&limit=200`);
  if (status !== 200) return false;
  for (const { app, name } of body.items as { app: string; name: string }[]) if ((await api.get(`/jobs/${NAMESPACE}.${app}.${name}/explain`)).body.reason !== 'disabled') return false;
  return true;
}

export async function readRows({ api }: TestProgram): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await untilAvailable(() => api.get(`/runs?limit=200&namespace=${NAMESPACE}${cursor}`));
    rows.push(...(body.items as Row[]));
    if (body.nextCursor === null) return rows;
    cursor = `&cursor=${encodeURIComponent(body.nextCursor as string)}`;
  }
}
