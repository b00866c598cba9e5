import type { GoneBefore } from '../decide/unanswerable.ts';
import { DEFAULT_NAMESPACE } from '../domain/names.ts';
import type { Bus, Checkpoint, DefinitionChange, Log } from '../ports/index.ts';
import { appKey, DEFINITIONS_BUCKET, DEFINITIONS_PREFIX, DEFINITIONS_STREAM, jobKey, kvKey, namespaceKey, RESULTS_STREAM, STREAM } from '../wire/index.ts';
import type { EngineContext } from './context.ts';
import { encodeDefinition } from './definition-codec.ts';
import type { Jobs } from './jobs.ts';

export interface LogState {
  /** Where reading goes on in each stream. */
  readonly after: { readonly runs: number; readonly results: number; readonly definitions: number };
  readonly created: Record<string, string>;
  /** Streams that are not the ones the view was made from. */
  readonly lost: readonly string[];
  /** The view has more of a stream than there is: the log was put back from a backup. */
  readonly isAhead: boolean;
  /** Streams that begin behind the place where reading goes on: what stood between is gone from the log, and the view does not have it. */
  readonly gaps: readonly Gap[];
}

export interface Gap {
  readonly stream: string;
  readonly created: string;
  readonly messages: number;
  /** The oldest sequence that is kept. */
  readonly firstSequence: number;
  /** What was stored before this moment (epoch ms) is gone. */
  readonly goneBefore: number;
}

/** The moments before which what either stream held may be missing from the view, no later than now. */
export function goneBefore(gaps: readonly Gap[], now: number): GoneBefore {
  const of = (stream: string): number => Math.min(now, gaps.find((gap) => gap.stream === stream)?.goneBefore ?? 0);
  return { runs: of(STREAM), results: of(RESULTS_STREAM) };
}

/** Compares the streams with what the view was made from: made anew, or shorter than what was applied, means lost. */
export async function inspectLog(bus: Bus, checkpoints: readonly Checkpoint[]): Promise<LogState> {
  const created: Record<string, string> = {};
  const after: Record<string, number> = {};
  const lost: string[] = [];
  const gaps: Gap[] = [];
  let isAhead = false;
  for (const stream of [STREAM, RESULTS_STREAM, DEFINITIONS_STREAM]) {
    const info = await bus.streamInfo(stream);
    const checkpoint = checkpoints.find((candidate) => candidate.stream === stream);
    created[stream] = info?.created ?? '';
    const isLost = checkpoint !== undefined && checkpoint.created !== '' && (info?.created !== checkpoint.created || info.lastSequence < checkpoint.sequence);
    if (isLost) lost.push(stream);
    if (isLost && info?.created === checkpoint.created) isAhead = true;
    const from = isLost ? 0 : (checkpoint?.sequence ?? 0);
    after[stream] = from;
    // Of the definitions, the newest value of each key is always there.
    if (info !== undefined && stream !== DEFINITIONS_STREAM && info.firstSequence > from + 1) {
      // Nothing is ever given out up to there: who waits for the reading to get to the end must not wait for that.
      after[stream] = info.firstSequence - 1;
      gaps.push({
        stream, created: info.created, messages: info.firstSequence - 1 - from, firstSequence: info.firstSequence, goneBefore: await oldestWhen(bus, stream, info.firstSequence),
      });
    }
  }
  return { created, lost, isAhead, gaps, after: { runs: after[STREAM] ?? 0, results: after[RESULTS_STREAM] ?? 0, definitions: after[DEFINITIONS_STREAM] ?? 0 } };
}

/** When the oldest message that is kept was stored; an empty stream has lost all there was. */
async function oldestWhen(bus: Bus, stream: string, sequence: number): Promise<number> {
  return (await bus.readMessage(stream, sequence))?.storedAt ?? Number.POSITIVE_INFINITY;
}

const AT_ONCE = 256;
const MOST_NAMED = 10;

/**
 * Fills an empty definitions bucket from what this node knows, and sees to it that the default namespace exists. That one comes
 * last: a bucket without it was not filled to the end.
 */
export async function seedDefinitions(bus: Bus, jobs: Jobs, now: number): Promise<number> {
  if (await isFilled(bus)) return 0;
  const entries: [key: string, text: string][] = [];
  for (const { version: _, ...value } of jobs.namespaces.values()) if (value.name !== DEFAULT_NAMESPACE) entries.push([namespaceKey(value.name), encodeDefinition(value)]);
  for (const { version: _, ...value } of jobs.apps.values()) entries.push([appKey(value.namespace, value.name), encodeDefinition(value)]);
  for (const { definition } of jobs.all()) entries.push([jobKey(definition.namespace, definition.app, definition.name), encodeDefinition(definition)]);
  const bucket = bus.bucket(DEFINITIONS_BUCKET);
  for (let from = 0; from < entries.length; from += AT_ONCE) {
    await Promise.all(entries.slice(from, from + AT_ONCE).map(([key, text]) => bucket.compareAndSet(key, text, 0)));
  }
  const { version: _, ...own } = jobs.namespaces.get(DEFAULT_NAMESPACE) ?? { version: 0, name: DEFAULT_NAMESPACE, description: '', createdAt: now, updatedAt: now };
  await bucket.compareAndSet(namespaceKey(DEFAULT_NAMESPACE), encodeDefinition(own), 0);
  return entries.length + 1;
}

async function isFilled(bus: Bus): Promise<boolean> {
  return (await bus.bucket(DEFINITIONS_BUCKET).get(namespaceKey(DEFAULT_NAMESPACE))) !== undefined;
}

/**
 * After the definitions bucket was exchanged for another one (made anew, restored from a backup) that one wins: what this node knows
 * and it does not have is to go. An empty bucket is filled instead.
 */
export async function strangers({ bus, log }: Pick<EngineContext, 'bus' | 'log'>, jobs: Jobs): Promise<readonly DefinitionChange[]> {
  if (!(await isFilled(bus))) return [];
  const kept = await keysOf(bus);
  const gone: DefinitionChange[] = [];
  for (const { definition: { namespace, app, name } } of jobs.all()) if (!kept.has(jobKey(namespace, app, name))) gone.push({ kind: 'job', namespace, app, name, value: null });
  for (const { namespace, name } of jobs.apps.values()) if (!kept.has(appKey(namespace, name))) gone.push({ kind: 'app', namespace, name, value: null });
  for (const { name } of jobs.namespaces.values()) if (!kept.has(namespaceKey(name))) gone.push({ kind: 'namespace', name, value: null });
  const names = gone.slice(0, MOST_NAMED).map((change) => (change.kind === 'namespace' ? change.name : change.kind === 'app' ? `${change.namespace}.${change.name}` : `${change.namespace}.${change.app}.${change.name}`));
  if (gone.length > 0) log.warn({ definitions: gone.length, names }, 'the definitions bucket is another one and does not have these: they are gone from this server, too');
  return gone;
}

/** Keys that have a value. */
async function keysOf(bus: Bus): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  const feed = bus.openFeed({
    stream: DEFINITIONS_STREAM, from: 1, maxPayloadBytes: 0, onLost: () => {},
    onMessage: (message) => {
      const key = kvKey(DEFINITIONS_PREFIX, message.subject) ?? '';
      if (message.header('KV-Operation') === '') keys.add(key);
      else keys.delete(key);
    },
  });
  try {
    await feed.caughtUp();
  } finally {
    await feed.stop();
  }
  return keys;
}

/** One line about what is in no log and no view. A view that is just being made misses nothing that a person would know of. */
export function tellGaps(log: Log, before: readonly Checkpoint[], { gaps, isAhead }: LogState): void {
  if (gaps.length === 0 || isAhead) return;
  const missing = Object.fromEntries(gaps.map(({ stream, messages }) => [stream, messages]));
  if (before.every(({ sequence }) => sequence === 0)) log.info({ missing }, 'the log does not reach back to its beginning, and no other server has what came before: the view begins here');
  else log.warn({ missing }, 'the log no longer has messages that this server has not read, and no other server gives its view: they stay missing here');
}
