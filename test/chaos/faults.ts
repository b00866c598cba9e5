import { until } from '../support/until.ts';
import type { Child } from './child.ts';
import type { NatsNode } from './nats.ts';
import { inTime } from './node.ts';
import type { SchedulerNode } from './node.ts';
import { readLease } from './seen-lease.ts';
import type { Span, Witness } from './witness.ts';

/** What was done, in order. */
export interface Fault {
  readonly kind: string;
  readonly target: string;
  /** Epoch ms. */
  readonly at: number;
  /** Epoch ms at which what was ended was gone. */
  goneAt?: number;
  /** ms until a newer term was seen firing, of kills of the leader. */
  takeoverMs?: number;
  /** Something else was broken at the same time: what it says of take-overs is not only theirs. */
  isMixed?: boolean;
}

export const isLeaderKill = ({ kind }: Fault): boolean => kind === 'kill-leader' || kind === 'kill-all';

export interface FaultScene {
  readonly nodes: readonly SchedulerNode[];
  readonly nats: readonly NatsNode[];
  readonly workers: readonly Child[];
  readonly witness: Witness;
  readonly random: () => number;
  readonly say: (line: string) => void;
  readonly isOver: () => boolean;
}

/** A limit for what hangs. */
const RECOVERY_MS = 120_000;
const QUORUM_MS = 30_000;
/** Weights; what cannot be done at the moment (no standby, one server already down) is drawn again. */
const WEIGHTS: readonly (readonly [string, number])[] = [
  ['kill-leader', 50], ['kill-standby', 8], ['pause-leader', 8], ['pause-standby', 5], ['kill-nats', 6], ['stop-nats', 3], ['kill-worker', 8], ['step-down', 6], ['kill-leader-and-nats', 3], ['kill-all', 3],
];

/** Breaks one thing after the other; each time it waits until somebody fires again. What was ended is started again after a while of its own. */
export class Faults {
  readonly done: Fault[] = [];
  /** Longest time, ms, that the recovery from a fault took, and of which. */
  readonly slow: string[] = [];
  readonly #scene: FaultScene;
  readonly #pending = new Set<NodeJS.Timeout>();
  readonly #broken = new Set<string>();

  constructor(scene: FaultScene) {
    this.#scene = scene;
  }

  /** From when to when NATS servers were being ended. */
  get natsEnds(): readonly Span[] {
    return this.done.filter(({ kind }) => kind.includes('nats')).map(({ at, goneAt = at }) => ({ from: at, to: goneAt }));
  }

  async run(): Promise<void> {
    const { random, isOver } = this.#scene;
    while (!isOver()) {
      await pause(1_500 + random() * 4_500);
      if (isOver()) return;
      await this.#one(this.#draw());
    }
  }

  /** Everything runs again and nothing is paused. */
  async mend(): Promise<void> {
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
    for (const child of this.#everybody()) {
      if (child.isPaused) child.resume();
      child.start();
    }
    await until(async () => (await Promise.all([...this.#scene.nats.map((server) => server.isWell()), ...this.#scene.nodes.map((node) => node.isReady())])).every(Boolean), { deadlineMs: RECOVERY_MS, what: 'all nodes and NATS to be ready again' });
  }

  #everybody(): Child[] {
    const { nats, nodes, workers } = this.#scene;
    return [...nats.map(({ child }) => child), ...nodes.map(({ child }) => child), ...workers];
  }

  #draw(): string {
    const sum = WEIGHTS.reduce((all, [, weight]) => all + weight, 0);
    let left = this.#scene.random() * sum;
    for (const [kind, weight] of WEIGHTS) if ((left -= weight) < 0) return kind;
    return 'kill-leader';
  }

  async #one(kind: string): Promise<void> {
    // The same draws whether or not it can be done: the seed gives the same plan.
    const { random, nodes, nats, workers, witness } = this.#scene;
    const [pick, wait, long] = [random(), random(), random()];
    const restartMs = wait < 0.3 ? wait * 1_000 : wait * 8_000;
    const pauseMs = 1_000 + long * 9_000;
    const lease = await readLease(witness.client);
    const leader = nodes.find(({ child }) => child.name === lease?.nodeId && child.isAwake);
    const standbys = await this.#standbys(leader);
    const server = nats[Math.floor(pick * nats.length)] as NatsNode;
    const standby = standbys[Math.floor(pick * standbys.length)];
    const worker = workers[Math.floor(pick * workers.length)] as Child;

    if (kind === 'kill-leader' && leader !== undefined && standbys.length > 0) {
      await this.#killLeader(leader, lease!.term, restartMs, 'kill-leader', this.#scene.nats.some(({ child }) => this.#broken.has(child.name)));
    } else if (kind === 'kill-all' && leader !== undefined) {
      for (const node of nodes) if (node !== leader && node.child.isRunning) await this.#end(node.child, 'kill-standby', 'SIGKILL', restartMs);
      await this.#killLeader(leader, lease!.term, restartMs, 'kill-all', true);
    } else if (kind === 'kill-leader-and-nats' && leader !== undefined && standbys.length > 0 && (await this.#mayLoseServer())) {
      await this.#end(server.child, 'kill-nats', 'SIGKILL', Math.min(restartMs, 3_000));
      await this.#killLeader(leader, lease!.term, restartMs, 'kill-leader', true);
    } else if (kind === 'kill-standby' && standby !== undefined) {
      await this.#end(standby.child, kind, 'SIGKILL', restartMs);
    } else if (kind === 'pause-leader' && leader !== undefined && standbys.length > 0) {
      this.#pause(leader.child, kind, pauseMs);
    } else if (kind === 'pause-standby' && standby !== undefined && standbys.length > 1) {
      this.#pause(standby.child, kind, pauseMs);
    } else if ((kind === 'kill-nats' || kind === 'stop-nats') && (await this.#mayLoseServer())) {
      await this.#end(server.child, kind, kind === 'kill-nats' ? 'SIGKILL' : 'SIGTERM', Math.min(restartMs, 4_000));
    } else if (kind === 'kill-worker' && workers.every((each) => each.isRunning)) {
      await this.#end(worker, kind, 'SIGKILL', restartMs);
      return;
    } else if (kind === 'step-down' && leader !== undefined && standbys.length > 0) {
      this.#note({ kind, target: leader.child.name, at: Date.now() });
      await inTime(leader.api.post(`/servers/${leader.child.name}/step-down`)).catch(() => undefined);
    } else return;
    await this.#recovered(this.done.at(-1) as Fault);
  }

  /** Others that could take over now. */
  async #standbys(leader: SchedulerNode | undefined): Promise<readonly SchedulerNode[]> {
    const others = this.#scene.nodes.filter((node) => node !== leader && node.child.isAwake);
    const ready = await Promise.all(others.map((node) => node.isReady()));
    return others.filter((_node, index) => ready[index]);
  }

  /** A cluster is only asked to do without one of its servers. */
  async #mayLoseServer(): Promise<boolean> {
    const { nats } = this.#scene;
    if (!nats.every(({ child }) => child.isRunning)) return false;
    return nats.length === 1 || until(async () => (await Promise.all(nats.map((server) => server.isWell()))).every(Boolean), { deadlineMs: QUORUM_MS }).catch(() => false);
  }

  async #killLeader(leader: SchedulerNode, term: number, restartMs: number, kind: string, isMixed: boolean): Promise<void> {
    const fault: Fault = { kind, target: leader.child.name, at: Date.now(), ...(isMixed ? { isMixed } : {}) };
    this.#note(fault);
    await this.#end(leader.child, undefined, 'SIGKILL', restartMs);
    await until(() => this.#scene.witness.firstAfter(term), { deadlineMs: RECOVERY_MS }).then((at) => {
      fault.takeoverMs = at - fault.at;
    }, () => undefined);
  }

  async #end(child: Child, kind: string | undefined, signal: 'SIGKILL' | 'SIGTERM', restartMs: number): Promise<void> {
    const fault: Fault | undefined = kind === undefined ? undefined : { kind, target: child.name, at: Date.now() };
    if (fault !== undefined) this.#note(fault);
    this.#broken.add(child.name);
    await child.end(signal);
    if (fault !== undefined) fault.goneAt = Date.now();
    this.#later(restartMs, () => {
      child.start();
      this.#broken.delete(child.name);
    });
  }

  #pause(child: Child, kind: string, pauseMs: number): void {
    this.#note({ kind: `${kind} ${(pauseMs / 1000).toFixed(1)} s`, target: child.name, at: Date.now() });
    child.pause();
    this.#later(pauseMs, () => child.resume());
  }

  async #recovered(fault: Fault): Promise<void> {
    const since = Date.now();
    await until(() => this.#scene.witness.lastAt > since, { deadlineMs: RECOVERY_MS }).catch(() => {
      this.slow.push(`nobody fired within ${RECOVERY_MS / 1000} s of "${fault.kind}" at ${new Date(fault.at).toISOString()}`);
    });
  }

  #later(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      action();
    }, delayMs);
    this.#pending.add(timer);
  }

  #note(fault: Fault): void {
    this.done.push(fault);
    this.#scene.say(`${new Date(fault.at).toISOString()} ${fault.kind} ${fault.target}`);
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
