import { runIdToText } from '../../src-core/wire/index.ts';
import type { ProgramApi } from '../support/program-api.ts';
import type { TestProgram } from '../support/program.ts';
import { lastSequence, readStream } from '../support/stream-content.ts';
import type { StoredMessage } from '../support/stream-content.ts';
import { until } from '../support/until.ts';
import type { Sighting } from '../support/witness.ts';
import { APP, BY_HAND, KINDS, NAMESPACE } from './crash-load.ts';

export interface Row {
  readonly taskId: string;
  readonly job: string;
  readonly model: string;
  readonly state: string;
  readonly trigger: string;
  readonly retryTaskId: string | null;
}

export interface Evidence {
  readonly numbers: ReadonlyMap<string, number>;
  /** Content of the runs stream. */
  readonly stream: readonly StoredMessage[];
  readonly rows: readonly Row[];
  readonly sightings: readonly Sighting[];
  readonly monitors: readonly Sighting[];
  /** taskIds of runs that the API accepted by hand. */
  readonly byHand: readonly string[];
  /** Moments at which the nats-server was killed. */
  readonly natsKills: readonly Death[];
  /** Stretches longer than 5 s without a tick, as the scheduler said: misfire policies decide on the fires in them. */
  readonly gaps: readonly { from: number; to: number }[];
  /** All fires up to here are due. */
  readonly until: number;
}

/** Of a nats-server: from the signal to the moment when it was seen to be gone. What it had sent is read in between, too. Epoch ms. */
export interface Death {
  readonly from: number;
  readonly to: number;
}

/** Every list is empty when nothing is wrong. */
export interface Faults {
  readonly storedTwice: string[];
  readonly notInView: string[];
  readonly notInStream: string[];
  readonly twiceInView: string[];
  readonly notEnded: string[];
  readonly seenButNotStored: string[];
  readonly seenTwice: string[];
  readonly monitoredTwice: string[];
  readonly lost: string[];
  readonly byHandLost: string[];
}

export interface Figures {
  readonly fires: number;
  readonly dispatches: number;
  readonly seen: number;
  readonly rows: Readonly<Record<string, number>>;
  readonly madeUp: number;
  readonly byHand: number;
  /** See `seenTwice` below: what nobody can tell apart when the server itself is killed. */
  readonly shownAgain: number;
}

const DISPATCH = new RegExp(`^natsjob\\.job\\.(start|pre-start|client-start)\\.${NAMESPACE}\\.${APP}\\.`);
const ENDS = ['completed', 'failed', 'expired', 'cancelled'];
const ACCEPTED = `natsjob.run.accepted.${NAMESPACE}.${APP}.`;
/** How long before its death a server can have shown a message without having stored it: its threads may stand still on a busy machine. */
const UNSTORED_MS = 10_000;

export function account(evidence: Evidence): { faults: Faults; figures: Figures } {
  const { stream, rows, sightings, monitors, natsKills } = evidence;
  const dispatches = stream.filter(({ subject }) => DISPATCH.test(subject));
  const taskIdOf = ({ id }: StoredMessage): string => id.split(':')[0] ?? '';
  const dispatched = new Set(dispatches.map(taskIdOf));
  const withRow = new Set(dispatches.filter(({ run }) => run !== '').map(taskIdOf));
  for (const message of stream) if (message.subject.startsWith(ACCEPTED)) withRow.add((JSON.parse(message.text) as { taskId: string }).taskId);
  const viewed = new Set(rows.map(({ taskId }) => taskId));

  const stored = new Set(dispatches.map(({ subject, id }) => `${subject} ${id.split(':')[0] ?? ''}`));
  const twice = sightings.filter(isRepeated);
  const monitoredTwice = monitors.filter(isRepeated);
  // A server that is killed may have shown a message to subscribers before it stored it. Nobody can know of that, so it is
  // sent again: seen twice, stored once, and that one only after the kill.
  const isStoredSince = ({ subject, taskId }: Sighting, from: number): boolean => stream.some((message) => message.subject === subject && message.at > from && message.text.includes(taskId));
  const atKill = [...twice, ...monitoredTwice].filter((sighting) => {
    const [first = 0] = sighting.times;
    return !sighting.subject.startsWith('natsjob-void.') && natsKills.some(({ from, to }) => first > from - UNSTORED_MS && first <= to && isStoredSince(sighting, from));
  });
  const missing = lostFires(evidence, new Set([...dispatched, ...withRow]));

  return {
    faults: {
      storedTwice: repeated(stream.map(({ id }) => id).filter((id) => id !== '')),
      notInView: [...withRow].filter((id) => !viewed.has(id)).map((id) => `${id}: ${stream.filter((message) => message.text.includes(id)).map(({ sequence, subject, id: messageId, term, text }) => `${sequence} ${subject} ${messageId} T${term} ${text}`).join(' | ')}`),
      notInStream: [...viewed].filter((id) => !withRow.has(id)),
      twiceInView: repeated(rows.map(({ taskId }) => taskId)),
      notEnded: rows.filter(({ state }) => !ENDS.includes(state)).map(describe),
      seenButNotStored: sightings.filter(({ subject, taskId }) => subject.startsWith('natsjob.') && !stored.has(`${subject} ${taskId}`)).map(({ subject, taskId }) => `${subject} ${taskId}`),
      seenTwice: twice.filter((sighting) => !atKill.includes(sighting)).map(withTimes),
      monitoredTwice: monitoredTwice.filter((sighting) => !atKill.includes(sighting)).map(withTimes),
      lost: missing.lost,
      byHandLost: evidence.byHand.filter((id) => !viewed.has(id) || !dispatched.has(id)),
    },
    figures: {
      fires: missing.expected, dispatches: dispatched.size, seen: sightings.length, rows: countBy(rows, ({ state }) => state),
      madeUp: rows.filter(({ trigger }) => trigger === 'catch-up').length, byHand: evidence.byHand.length, shownAgain: atKill.length,
    },
  };
}

/** What is not empty, with some of each. */
export function summed(faults: Faults): Record<string, { count: number; some: string[] }> {
  const wrong = Object.entries(faults).filter(([, list]: [string, string[]]) => list.length > 0);
  return Object.fromEntries(wrong.map(([name, list]: [string, string[]]) => [name, { count: list.length, some: list.slice(0, 8) }]));
}

/** A fire every second, from each job's first; its id follows from its moment alone. */
function lostFires({ numbers, gaps, until, stream, natsKills }: Evidence, known: ReadonlySet<string>): { lost: string[]; expected: number } {
  const lost: string[] = [];
  let expected = 0;
  const firstAt = new Map<number, number>();
  for (const { id } of stream) {
    const parts = partsOf(id.split(':')[0] ?? '');
    if (parts !== undefined && parts.at < (firstAt.get(parts.jobNumber) ?? Infinity)) firstAt.set(parts.jobNumber, parts.at);
  }
  for (const [name, number] of numbers) {
    const kind = name.split('-')[0] ?? '';
    if (name === BY_HAND || kind === 'lite') continue;
    const misfire = KINDS[kind]?.job['misfire'];
    for (let at = firstAt.get(number) ?? until; at <= until; at += 1000) {
      expected++;
      if (known.has(runIdToText(at, 0, number))) continue;
      const byPolicy = misfire === undefined && gaps.some(({ from, to }) => at >= from && at <= to);
      if (!byPolicy) lost.push(`${name} at ${new Date(at).toISOString()}${natsKills.some(({ from }) => Math.abs(from - at) < 2000) ? ' (nats-server killed then)' : ''}`);
    }
  }
  return { lost, expected };
}

function partsOf(taskId: string): { at: number; jobNumber: number } | undefined {
  if (!/^\d{15,19}$/.test(taskId)) return undefined;
  const id = BigInt(taskId);
  // Bit 21: by hand, not a fire.
  if ((id >> 21n) & 1n) return undefined;
  return { at: Number(id >> 22n) + 1_577_836_800_000, jobNumber: Number(id & 0x1fffffn) };
}

/**
 * The runs stream and the rows as of one moment: a last attempt may only just be on its way when nothing runs. Resolves when every run
 * in the rows has ended.
 */
export async function readLevel({ api, natsUrl }: Pick<TestProgram, 'api' | 'natsUrl'>): Promise<{ stream: readonly StoredMessage[]; rows: readonly Row[] }> {
  let open: readonly Row[] = [];
  return until(async () => {
    const stream = await readStream(natsUrl, 'natsjob');
    const { lag, projectionLag } = (await api.get('/servers')).body.items?.[0] ?? {};
    if (lag !== 0 || projectionLag !== 0) return undefined;
    const rows = await readRows(api);
    open = openIn(rows);
    return open.length === 0 && (await lastSequence(natsUrl, 'natsjob')) === (stream.at(-1)?.sequence ?? 0) && { stream, rows };
  }, { what: () => `the view to be level with the log, and to show all ends, not ${JSON.stringify(open.slice(0, 8))}` });
}

async function readRows(api: ProgramApi): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor = ''; ; ) {
    const { status, body } = await api.get(`/runs?limit=200&namespace=${NAMESPACE}${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    if (status !== 200) throw new Error(`runs: ${status} ${JSON.stringify(body)}`);
    rows.push(...(body.items as Row[]));
    if (body.nextCursor === null) return rows;
    cursor = body.nextCursor as string;
  }
}

/** Runs that have not ended, and those whose next attempt is not among the rows yet. */
function openIn(rows: readonly Row[]): Row[] {
  const known = new Set(rows.map(({ taskId }) => taskId));
  return rows.filter(({ state, retryTaskId }) => !ENDS.includes(state) || (retryTaskId !== null && !known.has(retryTaskId)));
}

/** From the program's own log. */
export function gapsIn(output: string): { from: number; to: number }[] {
  const gaps: { from: number; to: number }[] = [];
  for (const line of output.split('\n')) {
    if (!line.includes('"gapMs"')) continue;
    const { time, gapMs } = JSON.parse(line) as { time: string; gapMs: number };
    gaps.push({ from: Date.parse(time) - gapMs - 1, to: Date.parse(time) + 6_000 });
  }
  return gaps;
}

function repeated(values: readonly string[]): string[] {
  const seen = new Set<string>();
  return values.filter((value) => seen.has(value) || !seen.add(value));
}

function countBy<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}

function describe({ taskId, job, state }: Row): string {
  return `${job} ${taskId} ${state}`;
}

function isRepeated({ times }: Sighting): boolean {
  return times.length > 1;
}

function withTimes({ subject, taskId, times }: Sighting): string {
  return `${subject} ${taskId} at ${times.map((at) => new Date(at).toISOString()).join(' and ')}`;
}
