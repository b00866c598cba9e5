import { BY_HAND, fires, NAMESPACE, runId } from './load.ts';
import type { ChaosJob } from './load.ts';
import type { LogMessage } from './log-content.ts';
import { isCancelled, isCompleted, isOpen } from './views.ts';
import type { RunRow } from './views.ts';
import type { Sighting, Span } from './witness.ts';

export interface Evidence {
  readonly jobs: readonly ChaosJob[];
  /** Fires from `from` on and before `until` are expected. */
  readonly from: number;
  readonly until: number;
  readonly log: readonly LogMessage[];
  readonly sightings: readonly Sighting[];
  /** When the witnesses may have missed something. */
  readonly blind: readonly Span[];
  readonly runs: readonly RunRow[];
  /** Runs that the API of some node accepted. */
  readonly byHand: readonly string[];
  /** From when to when a NATS server was being ended: in good order that takes a while, in which it goes on showing. */
  readonly natsEnds: readonly Span[];
  readonly isCluster: boolean;
}

export interface Accounts {
  readonly expected: number;
  readonly dispatched: number;
  /** Publishes of lite that were seen, and its fires. */
  readonly lite: { readonly fires: number; readonly seen: number };
  readonly lost: readonly string[];
  readonly twice: readonly string[];
  readonly stuck: readonly string[];
  /** Shown to core subscribers by a NATS server that ended before it had stored them, and sent again (see `isShownAgain`) or owed to nobody. */
  readonly shownAgain: readonly string[];
  /** In the stream, and not seen by a witness that was cut off just then. */
  readonly missedByWitness: number;
}

const DISPATCH = /^natsjob\.job\.(start|pre-start|client-start|group-start)\./;
const MONITOR = 'natsjob.job.monitor';
/** How long before it was cut off, and after, a witness may have missed something. */
const BLIND_MS = 1_500;
/** In a cluster publishes go into the void, as far as storing goes, until the stream has another leader: so long, and until it stores again. */
const ELECTION_MS = 15_000;
const HANDOVER_MS = 100;

export function count(evidence: Evidence): Accounts {
  const { jobs, log, sightings, runs, byHand } = evidence;
  const byName = new Map(jobs.map((job) => [job.name, job]));
  const stored = new Map<string, LogMessage[]>();
  const dispatched = new Set<string>();
  for (const message of log) {
    const isMonitor = message.subject.startsWith(MONITOR);
    if ((!isMonitor && !DISPATCH.test(message.subject)) || message.taskId === '') continue;
    addTo(stored, keyOf(message.subject, message.taskId, byName), message);
    if (!isMonitor) dispatched.add(message.taskId);
  }
  const seen = new Map<string, Sighting[]>();
  for (const sighting of sightings) addTo(seen, keyOf(sighting.subject, sighting.taskId, byName), sighting);

  const lost: string[] = [];
  const twice: string[] = [];
  const shownAgain: string[] = [];
  const lite = { fires: 0, seen: 0 };
  let expected = 0;
  for (const job of jobs) {
    if (!job.isCounted || job.everySeconds === 0) continue;
    for (const at of fires(job, evidence.from, evidence.until)) {
      if (job.model === 'lite') {
        lite.fires++;
        continue;
      }
      expected++;
      if (!dispatched.has(runId(at, job.number))) lost.push(`${job.name} at ${new Date(at).toISOString()} (${runId(at, job.number)}) is not in the stream`);
    }
  }
  for (const id of byHand) {
    expected++;
    if (!dispatched.has(id)) lost.push(`by hand ${id}: accepted, and not in the stream`);
  }
  let missedByWitness = 0;
  for (const [key, messages] of stored) {
    if (messages.length > 1) twice.push(`${key} is ${messages.length} times in the stream: ${messages.map(({ sequence, term, storedAt }) => `${sequence} of term ${term} at ${new Date(storedAt).toISOString()}`).join(', ')}`);
    if (seen.has(key)) continue;
    const { storedAt } = messages[0] as LogMessage;
    if (evidence.blind.some(({ from, to }) => storedAt > from - BLIND_MS && storedAt < to + BLIND_MS)) missedByWitness++;
    else lost.push(`${key} is in the stream at ${new Date(storedAt).toISOString()}, and no subscriber saw it`);
  }
  for (const [key, each] of seen) {
    const isLite = byName.get(each[0]?.job ?? '')?.model === 'lite';
    if (isLite) lite.seen++;
    const isOnce = each.length === 1 && each[0]?.times === 1;
    if (!isOnce) (isLite || !isShownAgain(each, stored.get(key) ?? [], evidence) ? twice : shownAgain).push(`${key} was seen ${each.map(({ at, term, times }) => `at ${new Date(at).toISOString()} of term ${term}${times > 1 ? ` ${times} times` : ''}`).join(' and ')}; stored ${(stored.get(key) ?? []).map(({ storedAt, term }) => `${new Date(storedAt).toISOString()} of term ${term}`).join(', ') || 'never'}`);
    else if (!isLite && !stored.has(key)) (isOwedToNobody(each[0] as Sighting, evidence) ? shownAgain : lost).push(`${key} was seen at ${new Date(each[0]?.at ?? 0).toISOString()}, and is not in the stream`);
  }
  attempts(evidence, lost, twice);
  const known = new Set(runs.map(({ id }) => id));
  const keepsRows = new Set(jobs.filter(({ model }) => model !== 'lite' && model !== 'plus').map(({ number }) => number));
  const maps = new Set(jobs.filter(({ category }) => category === 'map').map(({ number }) => number));
  for (const run of runs) {
    if (!maps.has(run.jobNumber) || !isCompleted(run)) continue;
    const app = jobs.find(({ number }) => number === run.jobNumber)?.app;
    for (const subject of [MONITOR, `${MONITOR}.${NAMESPACE}.${app}`]) if (!stored.has(`${run.id} ${subject}`)) lost.push(`run ${run.id}: its answer asked for a message on ${subject}, and none is in the stream`);
  }
  for (const id of dispatched) if (keepsRows.has(jobNumberOf(id)) && !known.has(id)) lost.push(`${id} is in the stream and not in the history`);
  return { expected, dispatched: dispatched.size, lite, lost, twice, shownAgain, missedByWitness, stuck: runs.filter(isOpen).map(({ id, jobNumber, state }) => `run ${id} of job ${jobNumber} has not ended (state ${state})`) };
}

/**
 * A NATS server shows a message to core subscribers before it stores it, and nobody else knows of it when it dies in between.
 * It was so when the stream has the message once, from the last publish, stored after a server was ended, and the
 * publishes before were not later than that server's end; in a cluster, than the time its streams need for another leader.
 */
function isShownAgain(each: readonly Sighting[], stored: readonly LogMessage[], evidence: Evidence): boolean {
  const [message] = stored;
  if (message === undefined || stored.length > 1 || each.some(({ times }) => times > 1)) return false;
  const ordered = [...each].sort((one, other) => one.at - other.at);
  const last = ordered.pop() as Sighting;
  if (message.storedAt < (ordered.at(-1)?.notBefore ?? 0) || message.storedAt < last.notBefore - 1_000) return false;
  return ordered.every(({ notBefore }) => evidence.natsEnds.some((end) => end.from <= message.storedAt && notBefore <= storesAgain(end, evidence)));
}

/** From when on publishes are stored again. */
function storesAgain({ to }: Span, { isCluster, log }: Evidence): number {
  return isCluster ? Math.max(to + ELECTION_MS, log.find(({ storedAt }) => storedAt > to)?.storedAt ?? to) : to + HANDOVER_MS;
}

/** By hand, and no node said yes to it: whoever led died with it before a server had stored it. */
function isOwedToNobody({ job, taskId, at, notBefore }: Sighting, evidence: Evidence): boolean {
  return job.startsWith(BY_HAND) && !evidence.byHand.includes(taskId) && evidence.natsEnds.some((end) => end.from <= at + HANDOVER_MS && notBefore <= storesAgain(end, evidence));
}

/**
 * What of the runs that were due before `until` is not done: open, or to be tried again. Once their jobs are disabled nothing more would be
 * sent of it. Undefined as long as the view has no later fire: fires are decided in the order of their moments.
 */
export function notDone({ runs, jobs, until }: Pick<Evidence, 'runs' | 'jobs' | 'until'>): number | undefined {
  const bound = BigInt(runId(until, 0));
  const steady = new Set(jobs.filter(({ kind }) => kind === 'max').map(({ number }) => number));
  if (!runs.some(({ id, jobNumber }) => steady.has(jobNumber) && BigInt(id) > bound)) return undefined;
  const early = runs.filter(({ id, rootId }) => BigInt(rootId === '0' ? id : rootId) < bound);
  return early.filter(isOpen).length + [...chainsOf(early).values()].filter(isBrokenOff).length;
}

/** By the id of the first one, in their order. */
function chainsOf(runs: readonly RunRow[]): Map<string, RunRow[]> {
  const chains = new Map<string, RunRow[]>();
  for (const run of runs) if (run.attempts > 1) addTo(chains, run.rootId === '0' ? run.id : run.rootId, run);
  for (const chain of chains.values()) chain.sort((one, other) => one.attempt - other.attempt);
  return chains;
}

function isBrokenOff(chain: readonly RunRow[]): boolean {
  const last = chain.at(-1) as RunRow;
  return !isOpen(last) && !isCompleted(last) && !isCancelled(last) && last.attempt < last.attempts;
}

/** A run that may be tried again was so until it was completed, had no attempts left or was cancelled with its job's end, and no attempt was made twice. */
function attempts({ runs, until }: Evidence, lost: string[], twice: string[]): void {
  const bound = BigInt(runId(until, 0));
  for (const [root, chain] of chainsOf(runs)) {
    const last = chain.at(-1) as RunRow;
    // Of later ones the last end may be read when their job is disabled.
    if (BigInt(root) < bound && isBrokenOff(chain)) lost.push(`run ${root} was not tried again after attempt ${last.attempt} (state ${last.state})`);
    for (const [index, { attempt }] of chain.entries()) if (attempt !== index + 1) twice.push(`attempts of run ${root} are ${chain.map((run) => run.attempt).join(', ')}`);
  }
}

/** What may happen once: a step of a run, or its message to one of many. */
function keyOf(subject: string, taskId: string, jobs: ReadonlyMap<string, ChaosJob>): string {
  const [, , action = '', , , name = ''] = subject.split('.');
  // Asked for by one answer of a run at most; told on two subjects.
  if (subject.startsWith(MONITOR)) return `${taskId} ${subject}`;
  const job = jobs.get(name);
  const hasMany = job?.category === 'group' || (job?.category === 'broadcast' && job.model === 'ultra');
  return hasMany ? `${name} ${taskId} ${subject}` : `${name} ${taskId} ${action}`;
}

function addTo<T>(map: Map<string, T[]>, key: string, value: T): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

function jobNumberOf(taskId: string): number {
  return Number(BigInt(taskId) & 0x1fffffn);
}
