import { kvStream, RESULTS_STREAM, STREAM } from '../../src-core/wire/index.ts';
import type { Chance } from './chance.ts';
import type { StoreMood } from './faulty-store.ts';
import type { Place, Story } from './story.ts';

/** Something that befalls a node, its lines or its surroundings. What lasts ends by itself, so that faults overlap. */
export interface Fault {
  readonly name: string;
  readonly weight: number;
  readonly strike: (story: Story, place: Place) => void | Promise<void>;
  /** Only in stories like these. */
  readonly fits?: (kind: Kind) => boolean;
}

interface Kind {
  readonly nodes: number;
  readonly isSlow: boolean;
  readonly isShared: boolean;
}

/** A line that is stalled longer is taken for dead: nats/connection.ts pings each second and lets three go unanswered. */
const NOTICED_MS = 4000;
const LEASE_APART_MS = 8000;

const FAULTS: readonly Fault[] = [
  { name: 'crash', weight: 8, strike: (story, place) => restart(story, place, 'crash') },
  { name: 'stop', weight: 3, strike: (story, place) => restart(story, place, 'stop') },
  { name: 'freeze', weight: 5, strike: freeze },
  { name: 'cut', weight: 8, strike: (story, place) => cut(story, [place]) },
  { name: 'outage', weight: 3, strike: (story) => cut(story, story.places) },
  { name: 'stall', weight: 5, strike: stall },
  { name: 'lag', weight: 4, strike: lag },
  { name: 'acks', weight: 4, strike: loseAcks },
  { name: 'sleep', weight: 3, strike: sleep },
  { name: 'hands', weight: 20, strike: ({ people }) => people.runByHand() },
  { name: 'asks', weight: 20, strike: ({ people }) => people.askByMessage() },
  { name: 'cancel', weight: 8, strike: ({ people }) => people.cancelOne() },
  { name: 'change', weight: 6, strike: ({ people }) => people.change() },
  { name: 'pause', weight: 3, strike: ({ people }) => people.pauseAll() },
  { name: 'database', weight: 6, strike: (story, place) => spoil(story, [place]) },
  { name: 'databases', weight: 2, strike: (story) => spoil(story, story.places) },
  { name: 'abdicate', weight: 3, strike: abdicate },
  { name: 'clock', weight: 3, strike: setClock },
  { name: 'lease', weight: 2, strike: loseLease },
  { name: 'wipe', weight: 1, strike: wipe },
];

/** What befalls queues, and those who work them off. */
const QUEUE_FAULTS: readonly Fault[] = [
  { name: 'own', weight: 25, strike: ({ queuePeople }) => queuePeople.ask() },
  { name: 'clean', weight: 30, strike: ({ queuePeople }) => queuePeople.clean() },
  { name: 'crew', weight: 12, strike: (story) => story.note(story.workers.crew.stir()) },
  { name: 'halt', weight: 6, strike: ({ queuePeople }) => queuePeople.halt() },
  { name: 'uneven', weight: 6, strike: (story, place) => uneven(story, place) },
  { name: 'torn', weight: 8, strike: tear },
];

export function chooseQueueFaults(chance: Chance): readonly Fault[] {
  return QUEUE_FAULTS.filter(({ name }) => name === 'own' || chance.happens(0.7));
}

/** A few kinds for each story: where all come together, few get far. */
export function chooseFaults(chance: Chance, kind: Kind): readonly Fault[] {
  const chosen = FAULTS.filter(({ name }) => name !== 'wipe' && name !== 'asks' && chance.happens(0.4));
  if (chance.happens(0.04)) chosen.push(faultOf('wipe'));
  return chosen.filter(({ fits }) => fits?.(kind) ?? true);
}

export function faultOf(name: string): Fault {
  const found = FAULTS.find((fault) => fault.name === name);
  if (found === undefined) throw new Error(`There is no fault ${name}.`);
  return found;
}

async function restart(story: Story, place: Place, how: 'crash' | 'stop'): Promise<void> {
  if (!place.isUp) return;
  const downMs = story.chance.between(0, 3000) * (story.cast.isSlow ? story.chance.between(1, 100) : 1);
  story.note(`${place.nodeId} ${how}, back after ${downMs}`);
  story.trouble(downMs);
  // What was on the wire may be lost with the process.
  if (how === 'crash' && story.chance.happens(0.3)) place.node.bus.cut({ loses: true });
  await story.restart(place, how, downMs);
}

/** SIGSTOP and SIGCONT: the others go on, and so does the time. */
function freeze(story: Story, place: Place): void {
  if (!place.isUp) return;
  const ms = story.chance.between(50, story.chance.happens(0.3) ? 10_000 : 2500);
  story.note(`${place.nodeId} stands still for ${ms}`);
  story.trouble(ms);
  const { clock } = place.node;
  clock.stop();
  story.clock.after(ms, () => clock.goOn());
}

function cut(story: Story, places: readonly Place[]): void {
  const { chance } = story;
  const longest = story.cast.isSlow && chance.happens(0.3) ? 600_000 : chance.happens(0.2) ? 9000 : 1500;
  const ms = chance.between(1, longest);
  const loses = chance.happens(0.5);
  story.note(`${places.map(({ nodeId }) => nodeId).join()} disconnected for ${ms}${loses ? ', losing what was under way' : ''}`);
  story.trouble(ms);
  for (const { node: { bus } } of places) {
    bus.cut({ loses });
    story.clock.after(ms + (places.length > 1 ? chance.between(0, 300) : 0), () => bus.mend());
  }
}

/** A partition: nothing gets through and nobody notices, until it heals or the pings stay unanswered. */
function stall(story: Story, place: Place): void {
  const { bus } = place.node;
  const ms = story.chance.between(1, story.chance.happens(0.4) ? NOTICED_MS : 800);
  const heals = story.chance.happens(0.5);
  story.note(`${place.nodeId} is cut off for ${ms}, then ${heals ? 'all gets through' : 'the line is dead'}`);
  story.trouble(ms + 1500);
  bus.stall();
  story.clock.after(ms, () => {
    if (heals) return bus.flow();
    bus.cut({ loses: true });
    story.clock.after(story.chance.between(50, 1500), () => bus.mend());
  });
}

function lag(story: Story, place: Place): void {
  const { bus } = place.node;
  const most = story.chance.pick([3, 20, 100]);
  const ms = story.chance.between(100, 5000);
  story.note(`the line of ${place.nodeId} takes up to ${most} for ${ms}`);
  story.trouble(ms);
  bus.latencyMs = () => story.chance.between(0, most);
  story.clock.after(ms, () => {
    bus.latencyMs = () => 0;
  });
}

/** Streams have no order between them: one is read later than the others. */
function uneven(story: Story, place: Place, late = story.chance.pick([STREAM, RESULTS_STREAM, RESULTS_STREAM])): void {
  const { bus } = place.node;
  const most = story.chance.pick([30, 200, 1500]);
  const ms = story.chance.between(100, 5000);
  story.note(`${place.nodeId} reads ${late} up to ${most} late for ${ms}`);
  story.trouble(ms);
  bus.readLatencyMs = (stream) => (stream === late ? story.chance.between(0, most) : 0);
  story.clock.after(ms, () => {
    bus.readLatencyMs = () => 0;
  });
}

/** One that does not lead is killed when it knows of a cleaning and not yet of the ends of what goes. */
async function tear(story: Story): Promise<void> {
  const { chance, leader, queuePeople } = story;
  const others = story.alive.filter((place) => place !== leader);
  const place = others.length === 0 ? leader : chance.pick(others);
  queuePeople.ask();
  await story.advance(chance.between(200, 1500));
  uneven(story, place, RESULTS_STREAM);
  await story.advance(chance.between(0, 600));
  for (const state of ['completed', 'failed', 'waiting'] as const) queuePeople.clean({ state, olderThanMs: 0, limit: 1000 });
  await story.advance(chance.between(20, 300));
  if (chance.happens(0.7)) await restart(story, place, 'crash');
}

function loseAcks(story: Story, place: Place): void {
  const { bus } = place.node;
  const ms = story.chance.between(10, story.chance.happens(0.2) ? 6000 : 500);
  story.note(`${place.nodeId} gets no acknowledgements for ${ms}`);
  story.trouble(ms + 6000);
  bus.losesAcks = true;
  story.clock.after(ms, () => {
    bus.losesAcks = false;
  });
}

/** Laptop: nothing happens for a while. */
async function sleep(story: Story): Promise<void> {
  const ms = story.chance.between(100, story.cast.isSlow ? 1_200_000 : 7000);
  story.note(`all sleep for ${ms}`);
  story.trouble(ms);
  await story.clock.pause(ms);
}

function spoil(story: Story, places: readonly Place[]): void {
  const { chance } = story;
  const mood = chance.pick<StoreMood>(['slow', 'away', 'hanging', 'uncertain']);
  const ms = chance.between(50, chance.happens(0.2) ? 20_000 : 3000);
  story.note(`the database of ${places.map(({ nodeId }) => nodeId).join()} is ${mood} for ${ms}`);
  // A node that starts needs its database, and one that begins a term waits a moment for it.
  story.trouble(ms);
  for (const { database } of places) {
    database.mood = mood;
    story.clock.after(ms, () => database.heal());
  }
}

function abdicate(story: Story): void {
  const { leader } = story;
  story.note(`${leader.nodeId} steps down`);
  story.trouble(3000);
  leader.node.scheduler.api.stepDown(leader.nodeId).catch(() => undefined);
}

function setClock(story: Story, place: Place): void {
  const { chance } = story;
  const largest = story.cast.isSlow ? 3_600_000 : 20_000;
  const ms = chance.between(-largest, largest);
  // One that was set back does not fire again what it has.
  story.trouble(Math.abs(ms));
  if (chance.happens(0.5)) {
    story.note(`all clocks are set by ${ms}`);
    story.spreadMs += Math.abs(ms);
    story.clock.jump(ms);
  } else {
    const own = Math.trunc(ms / 10);
    story.note(`the clock of ${place.nodeId} is set by ${own}`);
    story.spreadMs += 2 * Math.abs(own);
    place.skewMs += own;
    place.node.clock.skewMs += own;
  }
}

function loseLease(story: Story): void {
  // Whoever sees none twice cannot tell that there was one in between: twice within a lease's length is once too often.
  if (story.clock.monotonic() - story.leaseLostAt < LEASE_APART_MS) return;
  story.leaseLostAt = story.clock.monotonic();
  const isBucket = story.chance.happens(0.4);
  story.note(isBucket ? 'the bucket of the lease is deleted' : 'the lease is deleted');
  story.trouble(4000);
  story.leases.lost();
  if (isBucket) {
    story.nats.drop(kvStream('natsjob-control'));
    story.people.pauseLost();
  } else story.nats.put('natsjob-control', 'lease', '', { 'KV-Operation': 'DEL' });
}

/** What is left then: every run ends on every node, none is stuck, nothing crashes. A fire may be lost or sent again. */
function wipe(story: Story): void {
  const stream = story.chance.pick([STREAM, RESULTS_STREAM, kvStream('natsjob-definitions'), undefined]);
  story.note(stream === undefined ? 'NATS loses everything' : `stream ${stream} is deleted`);
  story.trouble(10_000);
  story.isLogLost = true;
  story.witness.isLogLost = true;
  if (stream !== undefined) return story.nats.drop(stream);
  story.leases.lost();
  story.nats.wipe();
  story.people.pauseLost();
}
