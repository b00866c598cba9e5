import path from 'node:path';
import { seeded } from '../support/seeded.ts';
import { until } from '../support/until.ts';
import { count, notDone } from './accounts.ts';
import type { Accounts, Evidence } from './accounts.ts';
import { Child } from './child.ts';
import type { Family } from './child.ts';
import { Faults, isLeaderKill } from './faults.ts';
import type { Fault } from './faults.ts';
import { HandRuns } from './hand-runs.ts';
import { runId } from './load.ts';
import type { ChaosJob } from './load.ts';
import { lastSequence, readLog } from './log-content.ts';
import { disableJobs, knownToLeader, makeJobs } from './make-jobs.ts';
import { makeNats, startNats } from './nats.ts';
import type { NatsNode } from './nats.ts';
import { makeNode } from './node.ts';
import type { SchedulerNode } from './node.ts';
import type { ChaosOptions } from './options.ts';
import { differences, readRuns } from './views.ts';
import { Witness } from './witness.ts';

export interface Stage {
  readonly folder: string;
  readonly binary: string;
  readonly family: Family;
  /** The built program. */
  readonly program: string;
  readonly say: (line: string) => void;
}

export interface Outcome {
  readonly accounts: Accounts;
  readonly evidence: Evidence;
  readonly faults: readonly Fault[];
  /** What the nodes' views do not tell alike. */
  readonly unequal: readonly string[];
  /** What ended by itself, or did not come back in time. */
  readonly surprises: readonly string[];
  readonly handRuns: { readonly accepted: number; readonly refused: number; readonly unanswered: number };
}

const WORKERS = 3;
/** These are limits for what hangs. */
const START_MS = 120_000;
/** From the making of the jobs to their first fire. */
const LEAD_MS = 6_000;
const SETTLE_MS = 300_000;
const ALIKE_MS = 60_000;
/** A run with fewer kills than wanted goes on, up to so many times its length. */
const MOST_TIMES = 4;
/** The stream counts as finished when nothing has come for so long. */
const QUIET_MS = 5_000;

/** Starts everything, breaks it for the time given, lets it come to rest, and counts. */
export async function play(options: ChaosOptions, { folder, binary, family, program, say }: Stage): Promise<Outcome> {
  const replicas = options.cluster ? 3 : 1;
  const nats = await makeNats(folder, binary, replicas, family);
  await startNats(nats);
  const urls = nats.map(({ url }) => url).join(',');
  const nodes: SchedulerNode[] = [];
  for (let n = 1; n <= options.nodes; n++) nodes.push(await makeNode(folder, `n${n}`, program, urls, replicas, family));
  for (const { child } of nodes) child.start();
  await untilAll(nodes, (node) => node.isReady(), 'all nodes to be ready');
  const witness = new Witness();
  await witness.start(nats.map(({ url }) => url));
  const workers = Array.from({ length: WORKERS }, (_, n) => new Child({
    name: `w${n + 1}`, command: process.execPath, args: ['--disable-warning=ExperimentalWarning', path.join(import.meta.dirname, 'worker-main.ts'), urls, `w${n + 1}`, String(replicas)],
    env: {}, cwd: folder, logFile: path.join(folder, `w${n + 1}.log`),
  }, family));
  for (const worker of workers) worker.start();
  await untilAll(nodes, async ({ api }) => (await api.get('/workers')).body.items?.length === WORKERS * 2, 'all workers to be known');
  const startAt = wholeSecond(Date.now() + LEAD_MS);
  const jobs = await makeJobs((nodes[0] as SchedulerNode).api, { from: startAt, load: options.load });
  await knownToLeader((nodes[0] as SchedulerNode).api, jobs);
  // On a busy machine the last one may be made when the first fires already: what is due before all are there is not counted.
  const from = Math.max(startAt, wholeSecond(Date.now() + 1_000));
  const lengthMs = Math.round(options.minutes * 60) * 1000;

  say(`chaos: ${jobs.length} jobs fire from ${new Date(from).toISOString()} to ${new Date(from + lengthMs).toISOString()}`);
  const killsOf = ({ done }: Faults): number => done.filter(isLeaderKill).length;
  const isOver = (): boolean => Date.now() >= from + (killsOf(faults) >= options.leastKills ? 1 : MOST_TIMES) * lengthMs - 2_000;
  const faults: Faults = new Faults({ nodes, nats, workers, witness, random: seeded(options.seed), say, isOver });
  const handRuns = new HandRuns(nodes, seeded(options.seed + 1));
  handRuns.start();
  await sleepUntil(from);
  await faults.run();
  const end = Math.max(from + lengthMs, wholeSecond(Date.now()));
  await sleepUntil(end);
  await handRuns.stop();
  // The last of them may have been accepted just now.
  const asked = Date.now();
  say('chaos: letting it come to rest');
  await faults.mend();
  const unsettled = [...(await fireOn(witness, Math.max(asked, end))), ...(await finish(nodes[0] as SchedulerNode, jobs, end)), ...(await settle(nats, nodes, () => disableJobs((nodes[0] as SchedulerNode).api)))];
  const unequal = await compareViews(nodes);
  const evidence: Evidence = {
    jobs, from, until: end, log: await readLog((nats[0] as NatsNode).url), sightings: [...witness.sightings.values()], blind: witness.blind, runs: readRuns((nodes[0] as SchedulerNode).database),
    byHand: handRuns.accepted, natsEnds: faults.natsEnds, isCluster: options.cluster,
  };
  await witness.stop();
  const surprises = [...nats.map(({ child }) => child), ...nodes.map(({ child }) => child), ...workers].flatMap((child) => child.surprises);
  const kills = killsOf(faults);
  if (kills < options.leastKills) surprises.push(`the leader was killed ${kills} times, and ${options.leastKills} were wanted`);
  return { accounts: count(evidence), evidence, faults: faults.done, unequal, surprises: [...unsettled, ...faults.slow, ...surprises], handRuns: { accepted: handRuns.accepted.length, refused: handRuns.refused, unanswered: handRuns.unanswered } };
}

/** Longer than a run by hand is delayed. */
const LAST_DELAY_MS = 5_000;

/** Waits for a fire behind all that is counted: fires are made up for in the order of their moments. */
async function fireOn(witness: Witness, end: number): Promise<string[]> {
  const later = BigInt(runId(end + LAST_DELAY_MS, 0));
  return until(() => witness.newestFire > later, { deadlineMs: SETTLE_MS }).then(() => [], () => [`nobody fired on within ${SETTLE_MS / 1000} s of the end`]);
}

/** Waits until nothing is left to be sent of what is counted, be it in a queue or to be tried again: with the jobs that would end, too. */
async function finish({ database }: SchedulerNode, jobs: readonly ChaosJob[], end: number): Promise<string[]> {
  let left: number | undefined;
  return until(() => (left = notDone({ runs: readRuns(database), jobs, until: end })) === 0, { deadlineMs: SETTLE_MS }).then(() => [], () => [`of what was due before the end ${left ?? 'nobody can tell how many'} runs were not done within ${SETTLE_MS / 1000} s`]);
}

/** Ends the fires, and waits until the stream stands still and no node knows an open run; what is not so in time is told, and counted by others. */
async function settle(nats: readonly NatsNode[], nodes: readonly SchedulerNode[], disable: () => Promise<void>): Promise<string[]> {
  const { url } = nats[0] as NatsNode;
  let last = -1;
  let since = performance.now();
  let reason = 'the jobs could not be disabled';
  try {
    await until(() => disable().then(() => true, () => false), { deadlineMs: SETTLE_MS });
    await until(async () => {
      const now = await lastSequence(url);
      if (now === undefined || now !== last) {
        last = now ?? -1;
        since = performance.now();
      }
      for (const { api, child } of nodes) {
        const { status, body } = await api.get('/overview').catch((error: unknown) => ({ status: 0, body: String(error) }));
        reason = status === 200 ? `${child.name} knows ${body.running} running and ${body.queued} waiting runs` : `${child.name} does not say what it knows: ${status} ${JSON.stringify(body)}`;
        if (status !== 200 || body.running + body.queued > 0) return false;
      }
      reason = 'messages still come into the stream';
      return performance.now() - since > QUIET_MS;
    }, { deadlineMs: SETTLE_MS });
    return [];
  } catch {
    return [`it did not come to rest within ${SETTLE_MS / 1000} s: ${reason}`];
  }
}

async function compareViews(nodes: readonly SchedulerNode[]): Promise<string[]> {
  const [first, ...others] = nodes.map(({ child: { name }, database }) => ({ name, file: database }));
  const look = (): string[] => others.flatMap((other) => differences(first!, other));
  // What a node has read it writes within moments.
  return until(() => look().length === 0, { deadlineMs: ALIKE_MS }).then(() => [], look);
}

async function untilAll(nodes: readonly SchedulerNode[], isSo: (node: SchedulerNode) => Promise<boolean>, what: string): Promise<void> {
  await until(async () => (await Promise.all(nodes.map((node) => isSo(node).catch(() => false)))).every(Boolean), { deadlineMs: START_MS, what });
}

function wholeSecond(moment: number): number {
  return Math.ceil(moment / 1000) * 1000;
}

async function sleepUntil(moment: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, moment - Date.now())));
}
