import { jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, test } from 'vitest';
import { awakeMsWith } from '../support/awake-time.ts';
import { leadsLost, linesThatCount, TooBusy, startCluster, whileLeadsHold } from '../support/cluster.ts';
import type { Cluster, Node } from '../support/cluster.ts';
import { create, untilAvailable } from '../support/create.ts';
import { PATIENT_MS } from '../support/nats-server.ts';
import { connectForEver, startPlainWorker } from '../support/plain-worker.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { APP, expectWhole, NAMESPACE, openLoad } from './outage-load.ts';
import type { Load } from './outage-load.ts';

const MANY = 10_000;

describe.skipIf(!(await canStartProgram()))('who leads', () => {
  test('is one of three nodes that start at once, for one term', () => whileLeadsHold(async (cluster) => {
    const leader = await cluster.leader();
    // Who stands still while it takes its first term over loses that, and has not led yet.
    if ((await cluster.roles())[leader.name] !== 'leader 1') throw new TooBusy(`${leader.name} was not the first\n${linesThatCount(leader)}`);
    await cluster.untilRoles(Object.fromEntries(cluster.nodes.map((node) => [node.name, node === leader ? 'leader 1' : 'standby 1'])));
    await using load = await openLoad(leader, cluster.nats.url);
    expectWhole(await load.finish(), load);
    expect(cluster.nodes.filter((node) => node.output().includes('"msg":"leading"'))).toEqual([leader]);
  }, { nodes: 3, atOnce: true }));

  test('stays who leads when the entry of the lease is deleted, and when its whole bucket is', () => whileLeadsHold(async (cluster) => {
    const isVoid = (before: number) => (error: unknown): never => {
      throw leadsLost(cluster.nodes) > before ? new TooBusy('a node lost its lead', { cause: error }) : error;
    };
    const leader = await cluster.leader();
    await using load = await openLoad(leader, cluster.nats.url);
    await managing(cluster, (manager) => manager.streams.purge('KV_natsjob-control', { filter: '$KV.natsjob-control.lease' }));
    await load.untilRunsAgain();
    await cluster.untilRoles({ a: 'leader 1', b: 'standby 1' }).catch(isVoid(0));
    await managing(cluster, (manager) => manager.streams.delete('KV_natsjob-control'));
    // Nothing tells who held it: it is waited out, and the terms go on far above those that anybody may remember.
    await until(async () => Object.values(await cluster.roles()).some((role) => Number(/^leader (\d+)$/.exec(role)?.[1]) > 1000), { what: () => `a leader of a new term\n${cluster.nodes.map(linesThatCount).join('\n')}` });
    await load.untilRunsAgain();
    const now = await cluster.leader();
    const losses = leadsLost(cluster.nodes);
    await until(async () => Object.values(await cluster.roles()).filter((role) => role.startsWith('standby')).length === 1, { what: () => `a standby\n${cluster.nodes.map(linesThatCount).join('\n')}` });
    await load.untilRunsAgain();
    const last = await cluster.leader();
    if (last !== now) isVoid(losses)(new Error(`${last.name} leads, not ${now.name}`));
    expectWhole(await load.finish(), load);
  }, { mayLose: ['a', 'b'] }));

  test('may be a node that was away and has an older view', async () => {
    await using cluster = await startCluster();
    const [first, second] = cluster.nodes as [Node, Node];
    await using load = await openLoad(first, cluster.nats.url);
    await second.kill('SIGKILL');
    const before = load.witness.count;
    await until(() => load.witness.count >= before + 50, { what: 'fires that the second does not see' });
    await first.api.patch(`/jobs/${NAMESPACE}.${APP}.job-0`, { state: 'disabled' }, { 'if-match': '*' });
    await second.restart({ untilReady: false });
    await first.kill('SIGKILL');
    await second.untilReady();
    await until(async () => (await cluster.roles())['b']?.startsWith('leader'), { what: () => `the second to lead\n${linesThatCount(second)}` });
    await first.restart();
    await load.untilRunsAgain();
    expectWhole(await load.finish(), load);
    const newestOf = async ({ api }: Node): Promise<string> => JSON.stringify((await api.get(`/runs?namespace=${NAMESPACE}&limit=1`)).body.items);
    await until(async () => (await newestOf(second)) === (await newestOf(first)), { what: 'both to have the same newest run' });
  });
});

describe.skipIf(!(await canStartProgram()))('a take-over', () => {
  test('carries over what is running, waiting, delayed and to be tried again', async () => {
    await using cluster = await startCluster();
    const [first, second] = cluster.nodes as [Node, Node];
    const { api } = second;
    const tries: Record<string, number> = {};
    let mayAnswer = false;
    await using worker = await startPlainWorker({
      url: cluster.nats.url, namespace: 'carry', app: 'over', clientId: 'one',
      async answer({ jobName }) {
        tries[jobName] = (tries[jobName] ?? 0) + 1;
        if (jobName === 'silent') return undefined;
        if (jobName === 'retry') return { status: (tries[jobName] ?? 0) < 3 ? 'fail' : 'success' };
        await until(() => mayAnswer, { deadlineMs: 170_000 });
        return { status: 'success' };
      },
    });
    await create(api, '/namespaces', { name: 'carry' });
    await create(api, '/namespaces/carry/apps', { name: 'over' });
    const make = (name: string, job: object): Promise<unknown> => create(api, '/jobs', { namespace: 'carry', app: 'over', name, timeoutMs: 600_000, ...job });
    await make('silent', { timeoutMs: 6_000 });
    await make('alone', { maxRunning: 1 });
    await make('queue', { maxRunning: 1, overlap: 'queue', queueLimit: 10 });
    await make('delayed', {});
    await make('retry', { retry: { attempts: 3, delayMs: 2_500 } });
    await until(async () => (await first.api.get('/jobs/carry.over.retry')).status === 200, { what: 'the leader to know the jobs, which come in order' });
    const run = (name: string, request: object = {}): ReturnType<typeof api.post> => untilAvailable(() => first.api.post(`/jobs/carry.over.${name}/run`, request));
    for (const name of ['silent', 'alone', 'queue', 'queue', 'queue', 'retry']) expect(await run(name)).toMatchObject({ status: 202 });
    expect(await run('delayed', { delayMs: 6_000 })).toMatchObject({ status: 202 });
    await until(() => tries['retry'] === 1 && tries['alone'] === 1, { what: 'the first answers' });
    await until(async () => (await api.get('/runs?namespace=carry&limit=200')).body.items?.length >= 7, { what: 'the standby to know all of them' });

    await first.kill('SIGKILL');
    await until(async () => (await cluster.roles())['b']?.startsWith('leader'), { what: () => linesThatCount(second) });
    // The one place is taken, also for the new leader.
    expect((await untilAvailable(() => api.post('/jobs/carry.over.alone/run', {}))).body).toMatchObject({ status: 409, reason: 'overlap' });
    expect(tries['queue']).toBe(1);
    mayAnswer = true;
    // Between two attempts nothing of a run is open: it is over when it has had all three.
    const states = await until(async () => {
      const { body } = await api.get('/runs?namespace=carry&limit=200');
      const items = body.items as { job: string; state: string }[];
      return items.length >= 9 && items.every(({ state }) => !['delayed', 'waiting', 'active'].includes(state)) && items.map(({ job, state }) => `${job} ${state}`).sort();
    }, { what: () => `all runs to end ${JSON.stringify(tries)}\n${linesThatCount(second)}` });
    const { body: overview } = await api.get('/overview?namespace=carry');
    expect(overview.running + overview.queued).toBe(0);
    expect(states).toEqual(['alone completed', 'delayed completed', 'queue completed', 'queue completed', 'queue completed', 'retry completed', 'retry failed', 'retry failed', 'silent expired']);
    expect(tries).toEqual({ silent: 1, alone: 1, queue: 3, retry: 3, delayed: 1 });
    await until(() => worker.answered >= 8, { what: 'the worker to hear that its answers are stored' });
    expect(worker.answered).toBe(8);
  });

  test(`is as fast with ${MANY} jobs`, () => whileLeadsHold(async (cluster) => {
    const [first, second] = cluster.nodes as [Node, Node];
    await using load = await openLoad(second, cluster.nats.url);
    await create(second.api, '/namespaces', { name: 'many' });
    await create(second.api, '/namespaces/many/apps', { name: APP });
    for (let from = 0; from < MANY; from += 200) {
      await Promise.all(Array.from({ length: 200 }, (_, n) => create(second.api, '/jobs', {
        namespace: 'many', app: APP, name: `yearly-${from + n}`, schedule: { expression: `${n % 60} ${(from + n) % 60} 3 1 1 *` },
      })));
    }
    const diedAt = Date.now();
    await first.kill('SIGKILL');
    let seenAt = 0;
    const awake = await awakeMsWith([second.pid, cluster.nats.pid], until(() => (seenAt = firstSince(load, diedAt + 1_000)), { what: () => `a fire\n${linesThatCount(second)}` }));
    console.info(`take-over with ${MANY} jobs: ${seenAt - diedAt} ms`);
    if (Math.min(seenAt - diedAt, awake) >= 3_000) throw new TooBusy(`fires went on after ${seenAt - diedAt} ms`);
    expectWhole(await load.finish(), load);
  }), 600_000);
});

/** Messages that were on their way when the leader died come within a second. */
function firstSince({ witness }: Load, from: number): number {
  const first = Math.min(...[...witness.sightings].flatMap(({ times }) => times.filter((at) => at > from)));
  return Number.isFinite(first) ? first : 0;
}

async function managing(cluster: Cluster, work: (manager: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<unknown>): Promise<void> {
  const nc = await connectForEver(cluster.nats.url, 'manager');
  try {
    await work(await jetstreamManager(nc, { timeout: PATIENT_MS }));
  } finally {
    await nc.close();
  }
}
