import { expect } from 'vitest';
import { isFinal } from '../../src-core/domain/run.ts';
import type { RunRecord, SubRunRecord } from '../../src-core/domain/run.ts';
import { createLeaseStore } from '../../src-core/nats/lease-store.ts';
import type { Store } from '../../src-core/ports/index.ts';
import { createMemoryStore } from '../../src-core/sql/index.ts';
import { parseRunId, RESULTS_STREAM, STREAM } from '../../src-core/wire/index.ts';
import { MemoryNats } from '../support/memory-nats.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import type { VirtualNode } from '../support/virtual-node.ts';
import { openNode } from '../support/virtual-node.ts';
import { Chance } from './chance.ts';
import { ScriptedWorkers } from './scripted-worker.ts';
import { Witness } from './witness.ts';

const STEPS = 25;
const ALL = { policy: 'all', windowMs: 120_000, max: 1000 };

const JOBS: readonly Record<string, unknown>[] = [
  { name: 'single', schedule: { expression: '* * * * * *' }, timeoutMs: 3000 },
  { name: 'queued', schedule: { expression: '*/2 * * * * *' }, overlap: 'queue', queueLimit: 5, maxRunning: 2, timeoutMs: 2000, retry: { attempts: 3, delayMs: 700 } },
  { name: 'newest', schedule: { expression: '*/2 * * * * *' }, overlap: 'replace', timeoutMs: 5000 },
  { name: 'mapped', schedule: { expression: '*/3 * * * * *' }, category: 'map', maxRunning: 3, timeoutMs: 2500 },
  { name: 'spread', schedule: { expression: '*/3 * * * * *' }, category: 'broadcast', model: 'ultra', maxRunning: 2, timeoutMs: 2500 },
  { name: 'chosen', schedule: { expression: '*/3 * * * * *' }, model: 'ultra', condition: 'clientRound', timeoutMs: 2500, retry: { attempts: 2, delayMs: 100 } },
  { name: 'shout', schedule: { expression: '*/4 * * * * *' }, category: 'broadcast', maxRunning: 2, timeoutMs: 2500 },
  { name: 'rated', schedule: { expression: '* * * * * *' }, overlap: 'queue', maxRunning: 4, rate: { max: 2, perMs: 3000 }, timeoutMs: 1500 },
  { name: 'stream', schedule: { expression: '* * * * * *' }, model: 'plus', misfire: ALL },
  { name: 'every', schedule: { expression: '* * * * * *' }, maxRunning: 1000, timeoutMs: 2000, misfire: ALL },
  { name: 'void', schedule: { expression: '* * * * * *' }, model: 'lite' },
  { name: 'by-hand', overlap: 'queue', maxRunning: 1, timeoutMs: 2000 },
];

/** A node and the view it keeps over its restarts. */
interface Place {
  readonly nodeId: string;
  readonly store: Store;
  node: VirtualNode;
}

/** What befalls one or two nodes, their workers and their NATS, told by a seed. */
class Story {
  readonly clock = new VirtualClock();
  readonly nats = new MemoryNats(this.clock);
  readonly places: Place[] = [];
  readonly chance: Chance;
  readonly workers: ScriptedWorkers;
  readonly witness: Witness;
  readonly events: string[] = [];

  constructor(seed: number, nodes: number) {
    this.chance = new Chance(seed);
    for (let number = 1; number <= nodes; number++) {
      const place = { nodeId: `node-${number}`, store: createMemoryStore() };
      this.places.push({ ...place, node: this.#open(place) });
    }
    this.workers = new ScriptedWorkers(this.clock, this.nats, this.chance);
    this.witness = new Witness(this.nats, new Map(JOBS.filter(({ model }) => model !== 'plus' && model !== 'lite').map(({ name, maxRunning }) => [name as string, (maxRunning as number | undefined) ?? 1])));
  }

  #open({ nodeId, store }: Pick<Place, 'nodeId' | 'store'>): VirtualNode {
    return openNode({ clock: this.clock, nats: this.nats, store, random: this.chance.next, config: { nodeId } });
  }

  /** Whoever leads; the first when nobody does. */
  get leader(): Place {
    return this.places.find(({ node }) => node.scheduler.api.health().role === 'leader') ?? (this.places[0] as Place);
  }

  async begin(): Promise<void> {
    for (const { node } of this.places) await this.clock.until(node.scheduler.start());
    await this.clock.advance(1000);
    const { api } = this.leader.node.scheduler;
    await this.clock.until(api.apps.create('app', { name: 'biz' }));
    for (const job of JOBS) await this.clock.until(api.jobs.create({ namespace: 'app', app: 'biz', ...job }));
  }

  async step(): Promise<void> {
    const { chance, clock } = this;
    const place = chance.happens(0.7) ? this.leader : chance.pick(this.places);
    const draw = chance.next();
    if (draw < 0.08) await this.#restart(place, 'crash');
    else if (draw < 0.1) await this.#restart(place, 'stop');
    else if (draw < 0.2) await this.#disconnect(place);
    else if (draw < 0.25) {
      const { bus } = place.node;
      bus.losesAcks = true;
      this.#note(`${place.nodeId} loses acks`);
      await clock.advance(chance.between(10, 400));
      bus.losesAcks = false;
    } else if (draw < 0.28) {
      const ms = chance.between(100, 4000);
      this.#note(`all paused for ${ms}`);
      await clock.pause(ms);
    } else if (draw < 0.5) this.#byHand();
    else if (draw < 0.6) await this.#cancelOne();
    await clock.advance(chance.between(20, 1200));
  }

  async #restart(place: Place, how: 'crash' | 'stop'): Promise<void> {
    const downMs = this.chance.between(0, 3000);
    this.#note(`${place.nodeId} ${how}, back after ${downMs}`);
    if (how === 'stop') await this.clock.until(place.node.scheduler.stop());
    await place.node.crash();
    await this.clock.advance(downMs);
    place.node = this.#open(place);
    void place.node.scheduler.start();
  }

  async #disconnect({ nodeId, node: { bus } }: Place): Promise<void> {
    const ms = this.chance.between(1, this.chance.happens(0.2) ? 9000 : 1500);
    this.#note(`${nodeId} disconnected for ${ms}`);
    bus.cut();
    await this.clock.advance(ms);
    bus.mend();
  }

  #byHand(): void {
    const name = this.chance.pick(['by-hand', 'queued', 'mapped', 'chosen']);
    const delayMs = this.chance.happens(0.5) ? this.chance.between(1, 3000) : 0;
    this.leader.node.scheduler.api.jobs.run(`app.biz.${name}`, { delayMs }).catch(() => undefined);
  }

  async #cancelOne(): Promise<void> {
    const { store, node } = this.leader;
    const { items } = await store.runs({ limit: 20, states: ['active', 'waiting', 'delayed'] });
    if (items.length > 0) node.scheduler.api.runs.cancel(this.chance.pick(items).id).catch(() => undefined);
  }

  /** All faults end, and nothing fires any more: what is open comes to its end. */
  async settle(): Promise<void> {
    this.workers.behave();
    for (const { node } of this.places) node.bus.mend();
    await this.clock.advance(16_000);
    const { api } = this.leader.node.scheduler;
    for (const { name } of JOBS) {
      const { version } = await api.jobs.get(`app.biz.${name as string}`);
      await this.clock.until(api.jobs.update(`app.biz.${name as string}`, { schedule: { expression: '' } }, version));
    }
    await this.clock.advance(60_000);
  }

  /** What the lease says of progress does not get stuck: the next leader reads from there. */
  async leaseIsUpToDate(): Promise<void> {
    const lease = await this.clock.until(createLeaseStore(this.leader.node.bus).read());
    expect(lease?.value.watermark).toBeGreaterThan(this.clock.now() - 3000);
    expect(lease?.value).toMatchObject({ resultsSequence: this.nats.stream(RESULTS_STREAM)?.lastSequence, runsSequence: this.nats.stream(STREAM)?.lastSequence });
    for (const { store } of this.places) {
      const checkpoints = await store.checkpoints();
      expect(Object.fromEntries(checkpoints.map(({ stream, sequence }) => [stream, sequence]))).toMatchObject({
        [RESULTS_STREAM]: this.nats.stream(RESULTS_STREAM)?.lastSequence, [STREAM]: this.nats.stream(STREAM)?.lastSequence,
      });
    }
  }

  #note(event: string): void {
    this.events.push(`${this.clock.monotonic()} ${event}`);
  }
}

async function rowsOf(store: Store): Promise<{ runs: RunRecord[]; subRuns: SubRunRecord[] }> {
  const { items } = await store.runs({ limit: 100_000 });
  // An answer read again after a crash is counted again if it was nonsense.
  const runs = items.map((run) => ({ ...run, badAnswers: Math.min(1, run.badAnswers) }));
  const subRuns: SubRunRecord[] = [];
  for (const { id } of runs) subRuns.push(...(await store.subRuns(id, { limit: 1000 })).items);
  return { runs, subRuns };
}

/** Fires of a job between its first and its last that nobody saw. */
function missing(ids: readonly string[]): string[] {
  const times = ids.map((id) => parseRunId(id)).filter((parts) => parts?.kind === 0).map((parts) => parts!.atMs);
  const seen = new Set(times);
  const lost: string[] = [];
  for (let at = Math.min(...times); at < Math.max(...times); at += 1000) if (!seen.has(at)) lost.push(new Date(at).toISOString());
  return lost;
}

/** Plays the story of one seed and checks what may never happen, at each step and at the end. */
export async function play(seed: number, nodes: number): Promise<void> {
  const story = new Story(seed, nodes);
  try {
    await tell(story);
  } catch (error) {
    throw new Error(`seed ${seed} (SIM_FIRST=${seed} SIM_SEEDS=1 plays it again), after: ${story.events.join('; ')}`, { cause: error });
  }
}

async function tell(story: Story): Promise<void> {
  await story.begin();
  for (let step = 0; step < STEPS; step++) {
    await story.step();
    expect(story.witness.violations).toEqual([]);
  }
  await story.settle();
  const { witness, clock, nats, places } = story;
  expect(witness.violations).toEqual([]);
  for (const { node } of places) expect(node.errors).toEqual([]);
  expect({ stream: missing(witness.dispatched.get('stream') ?? []), every: missing(witness.dispatched.get('every') ?? []) }).toEqual({ stream: [], every: [] });
  for (const [, ids] of witness.dispatched) expect(new Set(ids).size).toBe(ids.length);
  await story.leaseIsUpToDate();

  const { runs, subRuns } = await rowsOf((places[0] as Place).store);
  expect(runs.filter((run) => !isFinal(run.state) || run.retryPending)).toEqual([]);
  // A node that knows nothing reads the log, and comes to the same view.
  const copy = createMemoryStore();
  const reader = openNode({ clock, nats, store: copy, config: { nodeId: 'reader' } });
  await clock.until(reader.scheduler.start());
  await clock.advance(4000);
  for (const { node } of [...places, { node: reader }]) {
    expect(await clock.until(node.scheduler.api.gauges())).toMatchObject({ activeRuns: 0, queuedRuns: 0, unackedPublishes: 0, projectionLag: 0 });
  }
  for (const store of [copy, ...places.map((place) => place.store)]) {
    const again = await rowsOf(store);
    expect(again.runs).toEqual(runs);
    expect(again.subRuns).toEqual(subRuns);
  }
}
