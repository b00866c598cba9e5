import { isFinal } from '../../src-core/domain/run.ts';
import type { RunRecord, SubRunRecord } from '../../src-core/domain/run.ts';
import type { SkipCount } from '../../src-core/domain/skip.ts';
import { createLeaseStore } from '../../src-core/nats/lease-store.ts';
import type { EndTotals, Store } from '../../src-core/ports/index.ts';
import { createMemoryStore } from '../../src-core/sql/index.ts';
import { DEFINITIONS_STREAM, RESULTS_STREAM, STREAM, isAskedRunId } from '../../src-core/wire/index.ts';
import { openNode } from '../support/virtual-node.ts';
import type { Story } from './story.ts';
import { Violation } from './story.ts';

interface Rows {
  readonly runs: readonly RunRecord[];
  readonly subRuns: readonly SubRunRecord[];
  readonly skips: readonly SkipCount[];
  readonly ends: readonly EndTotals[];
}

/** What must hold once a story has come to rest; ends its nodes. */
export async function checkEnding(story: Story): Promise<void> {
  const wrong: string[] = [];
  const { places, people, queueWatch, witness } = story;
  await story.clock.advance(10_000);
  const views = [...new Set(places.map(({ view }) => view))];
  const rows: Rows[] = [];
  for (const view of views) rows.push(await rowsOf(view, story));
  const [first] = rows as [Rows];

  if (!story.isLogLost) {
    wrong.push(...firesOf(story), ...(await progressAtLast(story)));
    const byId = new Map(first.runs.map((run) => [run.id, run]));
    for (const id of people.promised) if (!byId.has(id) && !queueWatch.removed.has(id)) wrong.push(`run ${id} was promised and is nowhere`);
    wrong.push(...(await removedOf(story, rows)));
    // Who takes over without a lease does not know what was left to tell.
    if (!story.leases.isForgotten) for (const run of first.runs) if (run.monitorStatus !== '' && !witness.monitored.has(run.id)) wrong.push(`nobody was told of the answer to ${run.job} ${run.id} that asked for it`);
    for (let other = 1; other < rows.length; other++) wrong.push(...differences(first, rows[other] as Rows, places[other]!.nodeId));
  }
  for (const [index, { runs }] of rows.entries()) {
    // A view of a node's own may lack what only the log had; whoever leads ends what is open in its own or in the shared one.
    if (story.isLogLost && views[index] !== story.leader.view) continue;
    for (const run of runs) if (!isFinal(run.state) || run.retryPending) wrong.push(`${run.job} ${run.id} is ${run.state}${run.retryPending ? ' and waits for its retry' : ''} for ever`);
    // Without the log a fire may be sent again, under the id it has; then it ends twice.
    if (!story.isLogLost) wrong.push(...(await countsOf(views[index] as Store, runs, queueWatch.removed.size)));
  }
  if (!story.isLogLost && story.chance.happens(0.15) && isTold(story)) wrong.push(...(await readAnew(story, first)));
  for (const { node, nodeId } of places) {
    for (const { message, err } of node.errors) if (!message.startsWith('the database does not ')) wrong.push(`${nodeId} logged "${message}": ${String(err)}`);
  }
  wrong.push(...(await stopAll(story)));
  if (wrong.length > 0) throw new Violation(wrong);
}

function firesOf({ people, witness, leases, spreadMs, calm }: Story): string[] {
  const wrong: string[] = [];
  for (const [name, timetable] of people.timetables) wrong.push(...timetable.check(witness.fires.get(name) ?? [], people.endedAt, { spreadMs, takeOvers: leases.takeOvers, calm, unknown: leases.unknown }));
  return wrong;
}

/**
 * A leader whose clock is behind the fires that the log has keeps the lease's progress before them, so that whoever comes next
 * finds them, too: until its clock has come to where they are.
 */
async function progressAtLast(story: Story): Promise<string[]> {
  const wrong = await progressOf(story);
  let latest = 0;
  for (const fires of story.witness.fires.values()) for (const { at } of fires) latest = Math.max(latest, at);
  const behindMs = latest - story.leader.node.clock.now();
  if (wrong.length === 0 || behindMs < 0) return wrong;
  await story.advance(behindMs + 3000);
  return progressOf(story);
}

/** What the lease says of progress does not get stuck: the next leader reads from there. So do the checkpoints of the views. */
async function progressOf({ clock, leader, leases, nats, places }: Story): Promise<string[]> {
  const wrong: string[] = [];
  const ends = { [STREAM]: nats.stream(STREAM)?.lastSequence, [RESULTS_STREAM]: nats.stream(RESULTS_STREAM)?.lastSequence, [DEFINITIONS_STREAM]: nats.stream(DEFINITIONS_STREAM)?.lastSequence };
  const lease = (await clock.until(createLeaseStore(leader.node.bus).read()))?.value;
  // What comes from workers (flow reports), or late from a leader before, may stand behind.
  let ownEnd = 0;
  for (let sequence = ends[STREAM] ?? 0; sequence > 0 && ownEnd === 0; sequence--) {
    const term = nats.stream(STREAM)?.at(sequence, clock.now())?.headers['Natsjob-Term'];
    if (term !== undefined && (sequence <= leases.runsHead || Number(term) === lease?.term)) ownEnd = sequence;
  }
  if ((lease?.runsSequence ?? 0) < ownEnd || lease?.resultsSequence !== ends[RESULTS_STREAM]) wrong.push(`the lease is at ${lease?.runsSequence} and ${lease?.resultsSequence}, the streams at ${ends[STREAM]} and ${ends[RESULTS_STREAM]}`);
  for (const { nodeId, view } of places) {
    for (const { stream, sequence } of await view.checkpoints()) if (sequence !== ends[stream]) wrong.push(`${nodeId}: the view is at ${sequence} of ${stream}, which ends at ${ends[stream]}`);
  }
  return wrong;
}

/** What was cleaned away is in no view and on no node, whoever was killed when. */
async function removedOf({ clock, places, queueWatch: { removed } }: Story, rows: readonly Rows[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const [index, { runs }] of rows.entries()) for (const { id, job, state } of runs) if (removed.has(id)) wrong.push(`${places[index]!.nodeId}: ${job} ${id} was cleaned away and is ${state} in the view`);
  for (const { nodeId, node } of places) {
    for (const id of [...removed].slice(0, 20)) {
      const found = await clock.until(node.scheduler.api.runs.get(id).catch(() => undefined));
      if (found !== undefined) wrong.push(`${nodeId}: ${id} was cleaned away and is ${found.state} there`);
    }
  }
  return wrong;
}

/** Each end stands once in the sums; those of runs that were cleaned away stay there. */
async function countsOf(view: Store, runs: readonly RunRecord[], removed: number): Promise<string[]> {
  const sums = { completed: 0, failed: 0, expired: 0, cancelled: 0 };
  const rows = { ...sums };
  for (const bucket of await view.endTotals({ from: 0, to: Number.MAX_SAFE_INTEGER, bucketMs: 3_600_000 })) for (const state of Object.keys(sums) as (keyof typeof sums)[]) sums[state] += bucket[state];
  for (const { state } of runs) if (state in rows) rows[state as keyof typeof rows]++;
  const states = Object.keys(sums) as (keyof typeof sums)[];
  const surplus = states.map((state) => sums[state] - rows[state]);
  if (surplus.every((count) => count >= 0) && surplus.reduce((sum, count) => sum + count, 0) === removed) return [];
  return [`the sums are ${JSON.stringify(sums)}, the rows ${JSON.stringify(rows)}${removed === 0 ? '' : ` and ${removed} cleaned away`}`];
}

/** Whether a node that knows nothing can come to the same view: from the log, or from another node's view where those are files of their own. */
function isTold({ isShared, nats, clock }: Story): boolean {
  return !isShared || nats.stream(RESULTS_STREAM)?.info(clock.now()).firstSequence === 1;
}

/** A node that knows nothing reads the log, and comes to the same view. */
async function readAnew(story: Story, expected: Rows): Promise<string[]> {
  const copy = createMemoryStore();
  const reader = openNode({ clock: story.clock, nats: story.nats, store: copy, config: { nodeId: 'reader' } });
  await story.clock.until(reader.scheduler.start());
  await story.clock.advance(4000);
  const rows = await rowsOf(copy, story);
  await story.clock.until(reader.scheduler.stop());
  await reader.crash();
  return differences(expected, rows, 'a new node');
}

/** In good order: nothing of a node is left, no timer and no publisher. */
async function stopAll({ clock, places }: Story): Promise<string[]> {
  const wrong: string[] = [];
  for (const { nodeId, node } of places) {
    await clock.until(node.scheduler.stop());
    await clock.advance(10_000);
    if (node.clock.timers > 0) wrong.push(`${nodeId} has stopped and ${node.clock.timers} of its timers have not`);
    if (node.bus.logs.size > 0) wrong.push(`${nodeId} has stopped and ${node.bus.logs.size} of its publishers have not`);
    await node.crash();
  }
  return wrong;
}

async function rowsOf(view: Store, { workers }: Story): Promise<Rows> {
  const { items } = await view.runs({ limit: 100_000 });
  // An answer read again after a crash is counted again if it was nonsense.
  // What a run that was never sent would have been is its job's to say, and that may be gone by the time another node reads of it.
  const unsent = { category: 'standalone', model: 'max', retryOn: 0, args: '' } as const;
  const unsentAsked = { ...unsent, attempts: 1, priority: 5 };
  const runs = items.map((run) => ({ ...run, badAnswers: Math.min(1, run.badAnswers), ...(run.dispatchedAt > 0 ? {} : isAskedRunId(run.id) ? unsentAsked : unsent) }));
  const subRuns: SubRunRecord[] = [];
  for (const { id, category, targets } of runs) if (category === 'broadcast' || targets > 0 || workers.reported.has(id)) subRuns.push(...(await view.subRuns(id, { limit: 1000 })).items);
  return { runs, subRuns, skips: (await view.skips({ limit: 10_000 })).items, ends: await view.endTotals({ from: 0, to: Number.MAX_SAFE_INTEGER, bucketMs: 60_000 }) };
}

function differences(expected: Rows, found: Rows, who: string): string[] {
  const wrong: string[] = [];
  for (const part of ['runs', 'subRuns', 'skips', 'ends'] as const) {
    const [ours, theirs] = [expected[part].map(textOf), found[part].map(textOf)];
    const [inOurs, inTheirs] = [new Set(ours), new Set(theirs)];
    for (const text of ours) if (!inTheirs.has(text)) wrong.push(`${part}: ${who} has not ${text}`);
    for (const text of theirs) if (!inOurs.has(text)) wrong.push(`${part}: only ${who} has ${text}`);
    if (ours.length !== theirs.length) wrong.push(`${part}: ${who} has ${theirs.length} for ${ours.length}`);
  }
  return wrong;
}

/** Fields in one order, whoever made the row. */
function textOf(row: object): string {
  return JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}
