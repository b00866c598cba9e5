import { isDeepStrictEqual } from 'node:util';
import { startBreaker } from './nats-breaker.ts';
import type { Breaker } from './nats-breaker.ts';
import { startNatsServer } from './nats-server.ts';
import type { TestNatsServer } from './nats-server.ts';
import { startProgram } from './program.ts';
import type { TestProgram } from './program.ts';
import { until } from './until.ts';

export interface ClusterOptions {
  /** Default 2. */
  readonly nodes?: number;
  /** Starts all at once; else one after the other, so that the first leads. */
  readonly atOnce?: boolean;
  /** Settings of each node besides the shared ones. */
  readonly env?: (index: number) => Readonly<Record<string, string>>;
  readonly natsConfig?: string;
}

export interface Node extends TestProgram {
  readonly name: string;
  /** Between this node and NATS, and nobody else. */
  readonly breaker: Breaker;
}

/** Several nodes, each with a database of its own, on one nats-server. */
export interface Cluster {
  readonly nats: TestNatsServer;
  readonly nodes: readonly Node[];
  /** The one node that says it leads and can be reached; waits until there is exactly one. */
  leader(): Promise<Node>;
  /** How each node that can be reached speaks of itself: `{"a":"leader 3"}`. */
  roles(among?: readonly Node[]): Promise<Readonly<Record<string, string>>>;
  /** Resolves when all nodes speak of themselves so. Terms only rise: what was otherwise in between does not come back. */
  untilRoles(wanted: Readonly<Record<string, string>>): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A paused node does not answer; a busy one may need a while. */
const ASK_MS = 5_000;

/** The program's own breaker stands between each node and NATS; workers and witnesses go to NATS itself. */
export async function startCluster({ nodes: size = 2, atOnce = false, env = () => ({}), natsConfig }: ClusterOptions = {}): Promise<Cluster> {
  const ends: (() => Promise<void>)[] = [];
  const nats = await startNatsServer(natsConfig === undefined ? {} : { config: natsConfig });
  ends.push(() => nats[Symbol.asyncDispose]());
  const nodes: Node[] = [];
  const startOne = async (index: number): Promise<void> => {
    const breaker = await startBreaker(nats.port);
    ends.push(() => breaker.close());
    const name = String.fromCodePoint(97 + index);
    const program = await startProgram({ env: { NATSJOB_NATS_URL: `nats://127.0.0.1:${breaker.port}`, NATSJOB_NODE_ID: name, ...env(index) } });
    ends.push(() => endEvenPaused(program));
    nodes[index] = Object.assign(program, { name, breaker });
  };
  try {
    const starts = Array.from({ length: size }, (_, index) => index);
    if (atOnce) await Promise.all(starts.map(startOne));
    else for (const index of starts) await startOne(index);
  } catch (error) {
    await endAll();
    throw error;
  }
  const cluster: Cluster = {
    nats, nodes,
    async leader() {
      let last = '';
      return until(async () => {
        const roles = await cluster.roles();
        last = JSON.stringify(roles);
        const leading = nodes.filter(({ name }) => roles[name]?.startsWith('leader') === true);
        return leading.length === 1 && leading[0];
      }, { what: () => `one leader (${last})\n${nodes.map(linesThatCount).join('\n')}` });
    },
    async roles(among = nodes) {
      const answers = await Promise.all(among.map(async (node) => [node.name, await roleOf(node)] as const));
      return Object.fromEntries(answers.filter(([, role]) => role !== ''));
    },
    async untilRoles(wanted) {
      let last: Readonly<Record<string, string>> = {};
      await until(async () => isDeepStrictEqual((last = await cluster.roles()), wanted), { what: () => `${JSON.stringify(wanted)}, not ${JSON.stringify(last)}\n${nodes.map(linesThatCount).join('\n')}` });
    },
    [Symbol.asyncDispose]: endAll,
  };
  return cluster;

  async function endAll(): Promise<void> {
    for (const end of ends.reverse()) await end();
  }
}

/** The machine had no time for the scene: it did not begin as it must, or a process had to wait for far too long. */
export class TooBusy extends Error {
  override readonly name = 'TooBusy';
}

/**
 * Plays a scene in which nodes keep the lead that the test does not take from them. One that stands still for longer than its lease
 * is good loses it, as it should, and says so: then the scene says nothing, and is played again with a new cluster, as it is
 * when it says itself that the machine was too busy; the third time counts.
 * `mayLose`: names of nodes of which the scene wants that.
 */
export async function whileLeadsHold(scene: (cluster: Cluster) => Promise<void>, { mayLose = [], ...options }: ClusterOptions & { readonly mayLose?: readonly string[] } = {}): Promise<void> {
  for (let left = 2; ; left--) {
    await using cluster = await startCluster(options);
    try {
      return await scene(cluster);
    } catch (error) {
      const isVoid = error instanceof TooBusy || leadsLost(cluster.nodes.filter(({ name }) => !mayLose.includes(name))) > 0;
      if (!isVoid || left === 0) throw error;
      console.info(`played again: ${String(error)}`);
    }
  }
}

/** How often one of them has said so. */
export function leadsLost(nodes: readonly Node[]): number {
  return nodes.reduce((sum, node) => sum + node.output().split('"no longer leading"').length - 1, 0);
}

/** A paused process does not hear that it is to stop. */
async function endEvenPaused(program: TestProgram): Promise<void> {
  if (program.isRunning) process.kill(program.pid, 'SIGCONT');
  await program[Symbol.asyncDispose]();
}

async function roleOf({ name, url, isRunning, api }: Node): Promise<string> {
  if (!isRunning) return '';
  try {
    const token = await api.token();
    const answer = await fetch(`${url}/natsjob/api/servers`, { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(ASK_MS) });
    const { items } = (await answer.json()) as { items: { id: string; role: string; term: number }[] };
    const self = items.find(({ id }) => id === name);
    return self === undefined ? '' : `${self.role} ${self.term}`;
  } catch {
    return '';
  }
}

/** What a node said that may explain why a test fails. */
export function linesThatCount(node: Node): string {
  const lines = node.output().split('\n').filter((line) => /"level":"(warn|error)"|"leading"|standby|stepped down/.test(line));
  return `--- ${node.name}\n${lines.slice(-40).join('\n')}`;
}
