import { createMemoryStore } from '../../src-core/sql/index.ts';
import type { Store } from '../../src-core/ports/index.ts';
import { MemoryNats } from '../support/memory-nats.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { openNode } from '../support/virtual-node.ts';
import type { VirtualNode, VirtualNodeParts } from '../support/virtual-node.ts';
import { CapacityWatch } from './capacity-watch.ts';
import type { Cast } from './cast.ts';
import { chooseCast, queueRoles } from './cast.ts';
import { Chance } from './chance.ts';
import type { Fault } from './faults.ts';
import { chooseFaults, chooseQueueFaults, faultOf } from './faults.ts';
import { FaultyStore } from './faulty-store.ts';
import { LeaseWatch } from './lease-watch.ts';
import { People } from './people.ts';
import { QueuePeople } from './queue-people.ts';
import { QueueWatch } from './queue-watch.ts';
import { ScriptedWorkers } from './scripted-worker.ts';
import { Witness } from './witness.ts';

/** After a fault's end: a lease runs out, connections and the log are opened anew, workers beat again. */
const RECOVERY_MS = 12_000;

/** A node and the view it keeps over its restarts. */
export interface Place {
  readonly nodeId: string;
  /** What is really in its database. */
  readonly view: Store;
  readonly database: FaultyStore;
  node: VirtualNode;
  skewMs: number;
  isUp: boolean;
  /** Starts its next process at once, if it has none. */
  comeBack: () => void;
}

export interface StoryOptions {
  readonly nodes?: number;
  /** One database for all nodes. */
  readonly shared?: boolean;
  readonly cast?: Cast;
  readonly faults?: readonly Fault[];
  readonly steps?: number;
  /** Whether anybody may ask for runs by message. */
  readonly asks?: boolean;
  /** Whether jobs may be used as queues. */
  readonly queues?: boolean;
  /** What a node is made of instead: for tests that break it on purpose. */
  readonly open?: (parts: VirtualNodeParts) => VirtualNode;
  readonly makeStore?: (isShared: boolean) => Store;
}

/** What befalls some nodes, their workers, their databases and their NATS, told by a seed. */
export class Story {
  readonly clock = new VirtualClock();
  readonly nats = new MemoryNats(this.clock);
  readonly chance: Chance;
  readonly cast: Cast;
  readonly faults: readonly Fault[];
  readonly places: Place[] = [];
  readonly workers: ScriptedWorkers;
  readonly leases: LeaseWatch;
  readonly witness: Witness;
  readonly people: People;
  readonly queueWatch: QueueWatch;
  readonly queuePeople = new QueuePeople(this);
  readonly hasQueues: boolean;
  readonly isShared: boolean;
  readonly events: string[] = [];
  /** Wall-clock times between which nothing was wrong. */
  readonly calm: { from: number; to: number }[] = [];
  /** Streams were deleted: what stood in them only is gone, and no promise is left about it. */
  isLogLost = false;
  leaseLostAt = Number.NEGATIVE_INFINITY;
  /** The widest the nodes' clocks were ever apart, or were set. */
  spreadMs = 0;
  #troubledUntil = 0;
  #calmFrom: number | undefined;
  readonly #open: NonNullable<StoryOptions['open']>;
  readonly #steps: number;

  constructor(seed: number, { nodes, shared, cast, faults, steps, asks = true, queues = true, open = openNode, makeStore = (isShared) => createMemoryStore({ isShared }) }: StoryOptions = {}) {
    this.chance = new Chance(seed);
    const { chance } = this;
    this.#open = open;
    const count = nodes ?? chance.pick([1, 1, 2, 2, 2, 3]);
    const mayShare = chance.happens(0.35);
    this.isShared = shared ?? (count > 1 && mayShare);
    const isSlow = chance.happens(0.04);
    const own = cast ?? chooseCast(chance, isSlow);
    // By chances of their own: what the seeds told before they still tell.
    const queueChance = new Chance(seed ^ 0x51ed270b);
    this.hasQueues = queues && cast === undefined && faults === undefined && queueChance.happens(0.4);
    this.cast = this.hasQueues ? { ...own, roles: [...own.roles, ...queueRoles(queueChance, isSlow)] } : own;
    this.faults = faults ?? chooseFaults(chance, { nodes: count, isSlow: this.cast.isSlow, isShared: this.isShared });
    if (this.hasQueues) this.faults = [...this.faults, ...chooseQueueFaults(queueChance)];
    if (faults === undefined && asks && new Chance(~seed).happens(0.4)) this.faults = [...this.faults, faultOf('asks')];
    this.#steps = steps ?? chance.between(6, 18);
    const common = this.isShared ? makeStore(true) : undefined;
    const areClocksApart = count > 1 && chance.happens(0.2);
    this.leases = new LeaseWatch(this.nats, this.clock);
    this.queueWatch = new QueueWatch({
      nats: this.nats, time: this.clock, spreadMs: () => this.spreadMs, offSince: (name) => this.people.offSince.get(name), isLogLost: () => this.isLogLost,
    });
    this.witness = new Witness(this.nats, this.cast.roles, this.leases, new CapacityWatch(this.nats, this.clock), this.clock);
    this.witness.hasOwnAttempts = (id) => this.queueWatch.hasOwnAttempts(id);
    this.witness.isCalm = () => this.#calmFrom !== undefined && this.clock.monotonic() >= this.#troubledUntil;
    this.witness.beforeEach = () => this.watchTrust();
    this.workers = new ScriptedWorkers(this.clock, this.nats, chance);
    for (let number = 1; number <= count; number++) {
      const view = common ?? makeStore(false);
      const skewMs = areClocksApart ? chance.between(-1500, 1500) : 0;
      this.spreadMs = Math.max(this.spreadMs, 2 * Math.abs(skewMs));
      const place = { nodeId: `node-${number}`, view, database: new FaultyStore(view, this.clock), skewMs, isUp: true, comeBack: () => {} };
      this.places.push({ ...place, node: this.#start(place) });
    }
    this.people = new People(this);
    this.note(`${count} nodes${this.isShared ? ' on one database' : ''}${this.cast.isSlow ? ', slow' : ''}: ${this.cast.roles.map(({ name }) => name).join(' ')}; ${this.faults.map(({ name }) => name).join(' ')}`);
  }

  /** Whoever leads; the first when nobody does. */
  get leader(): Place {
    return this.places.find(({ isUp, node }) => isUp && node.scheduler.api.health().role === 'leader') ?? (this.places[0] as Place);
  }

  get alive(): Place[] {
    return this.places.filter(({ isUp }) => isUp);
  }

  note(event: string): void {
    this.events.push(`${this.clock.monotonic()} ${event}`);
  }

  /** Something is wrong for so long. */
  trouble(ms: number): void {
    if (this.#calmFrom !== undefined) this.calm.push({ from: this.#calmFrom, to: this.clock.now() });
    this.#calmFrom = undefined;
    this.#troubledUntil = Math.max(this.#troubledUntil, this.clock.monotonic() + ms + RECOVERY_MS);
  }

  #start({ nodeId, database, skewMs }: Pick<Place, 'nodeId' | 'database' | 'skewMs'>): VirtualNode {
    const node = this.#open({ clock: this.clock, nats: this.nats, store: database.store, random: this.chance.next, config: { nodeId } });
    node.clock.skewMs = skewMs;
    return node;
  }

  /** Its process is gone; a new one comes later. */
  async restart(place: Place, how: 'crash' | 'stop', downMs: number): Promise<void> {
    if (!place.isUp) return;
    if (how === 'stop') await this.clock.until(place.node.scheduler.stop(), 120_000).catch(() => undefined);
    await place.node.crash();
    place.isUp = false;
    if (!this.isShared) place.database.forget();
    place.comeBack = () => {
      if (place.isUp) return;
      place.node = this.#start(place);
      place.isUp = true;
      void place.node.scheduler.start();
    };
    const { comeBack } = place;
    this.clock.after(downMs, () => {
      if (place.comeBack === comeBack) comeBack();
    });
  }

  async begin(): Promise<void> {
    const starts = this.places.map(({ node }) => node.scheduler.start());
    for (const start of starts) await this.clock.until(start);
    await this.clock.advance(1000);
    if (this.hasQueues) this.workers.crew.begin();
    await this.people.makeJobs();
  }

  async tell(): Promise<void> {
    await this.begin();
    for (let step = 0; step < this.#steps; step++) {
      const { chance } = this;
      const fault = chance.happens(0.75) ? pickWeighted(this.faults, chance) : undefined;
      const place = chance.happens(0.6) ? this.leader : chance.pick(this.places);
      if (fault !== undefined) await fault.strike(this, place);
      await this.advance(chance.between(20, 1200) * (this.cast.isSlow ? 20 : 1));
    }
    await this.#settle();
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.people.look();
    this.look();
  }

  /** What may never be, at any moment. */
  look(): void {
    this.watchTrust();
    if (this.#calmFrom === undefined && this.clock.monotonic() >= this.#troubledUntil) this.#calmFrom = this.clock.now();
    const wrong = [...this.witness.violations, ...this.leases.violations, ...this.queueWatch.violations];
    if (wrong.length > 0) throw new Violation(wrong);
  }

  /** Never do two nodes trust themselves at once. */
  watchTrust(): void {
    const terms: number[] = [];
    for (const { isUp, node } of this.places) {
      if (!isUp) continue;
      for (const log of node.bus.logs) if (log.maySend()) terms.push(log.term);
    }
    if (terms.length > 1) this.leases.violations.push(`terms ${terms.join(' and ')} trust themselves at once`);
  }

  /** All faults end, and nothing fires any more: what is open comes to its end. */
  async #settle(): Promise<void> {
    this.note('all faults end');
    this.workers.behave();
    if (this.hasQueues) this.workers.crew.gather();
    for (const place of this.places) {
      place.comeBack();
      const { node, database } = place;
      database.heal();
      node.bus.losesAcks = false;
      node.bus.latencyMs = () => 0;
      node.bus.readLatencyMs = () => 0;
      node.bus.flow();
      node.bus.mend();
      node.clock.goOn();
    }
    await this.advance(16_000);
    await this.people.endAll();
    await this.#restWithin(180_000);
    if ((await this.#unrest()).length === 0) return;
    await this.#restWithin(180_000 + (await this.#untilDueMs()));
    const unrest = await this.#unrest();
    if (unrest.length > 0) throw new Violation(unrest);
  }

  async #restWithin(ms: number): Promise<void> {
    for (let waited = 0; waited < ms; waited += 3000) {
      await this.advance(3000);
      if ((await this.#unrest()).length === 0) return;
    }
  }

  /** A delay ends at a moment of the clock: with a leader's that was set back, when it has come there again. */
  async #untilDueMs(): Promise<number> {
    const { view, node } = this.leader;
    const { items } = await view.runs({ limit: 1000, states: ['delayed'] });
    return items.length === 0 ? -180_000 : Math.max(...items.map(({ dueAt }) => dueAt)) - node.clock.now();
  }

  async #unrest(): Promise<string[]> {
    const unrest: string[] = [];
    // A standby that had not read the ends in a results stream that is gone has its runs open until it leads.
    for (const { nodeId, node } of this.isLogLost ? [this.leader] : this.places) {
      const { activeRuns, queuedRuns, unackedPublishes, projectionLag } = await this.clock.until(node.scheduler.api.gauges());
      if (activeRuns + queuedRuns + unackedPublishes + projectionLag > 0) unrest.push(`${nodeId} never comes to rest: ${activeRuns} active, ${queuedRuns} held, ${unackedPublishes} not acknowledged, ${projectionLag} not in the view`);
    }
    return unrest;
  }
}

/** A promise was broken: each sentence says which. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly sentences: readonly string[];

  constructor(sentences: readonly string[]) {
    super(sentences.slice(0, 12).join('\n'));
    this.sentences = sentences;
  }
}

function pickWeighted(faults: readonly Fault[], chance: Chance): Fault | undefined {
  let left = chance.next() * faults.reduce((sum, { weight }) => sum + weight, 0);
  return faults.find(({ weight }) => (left -= weight) < 0);
}
