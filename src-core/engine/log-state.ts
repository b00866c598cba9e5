import { DEFAULT_NAMESPACE } from '../domain/names.ts';
import type { Bus, Checkpoint } from '../ports/index.ts';
import { appKey, DEFINITIONS_BUCKET, DEFINITIONS_STREAM, jobKey, namespaceKey, RESULTS_STREAM, STREAM } from '../wire/index.ts';
import { encodeDefinition } from './definition-codec.ts';
import type { Jobs } from './jobs.ts';

export interface LogState {
  /** Where reading goes on in each stream. */
  readonly after: { readonly runs: number; readonly results: number; readonly definitions: number };
  readonly created: Record<string, string>;
  /** Streams that are not the ones the view was made from. */
  readonly lost: readonly string[];
  /** Answers stored before this moment (epoch ms) are gone from the log and the view may not have them; 0 = none are missing. */
  readonly endsGoneBefore: number;
}

/** Compares the streams with what the view was made from: made anew, or shorter than what was applied, means lost. */
export async function inspectLog(bus: Bus, checkpoints: readonly Checkpoint[]): Promise<LogState> {
  const created: Record<string, string> = {};
  const after: Record<string, number> = {};
  const lost: string[] = [];
  for (const stream of [STREAM, RESULTS_STREAM, DEFINITIONS_STREAM]) {
    const info = await bus.streamInfo(stream);
    const checkpoint = checkpoints.find((candidate) => candidate.stream === stream);
    created[stream] = info?.created ?? '';
    const isLost = checkpoint !== undefined && checkpoint.created !== '' && (info?.created !== checkpoint.created || info.lastSequence < checkpoint.sequence);
    if (isLost) lost.push(stream);
    after[stream] = isLost ? 0 : (checkpoint?.sequence ?? 0);
  }
  const endsGoneBefore = await oldestEndWhen(bus, after[RESULTS_STREAM] ?? 0);
  return { created, lost, endsGoneBefore, after: { runs: after[STREAM] ?? 0, results: after[RESULTS_STREAM] ?? 0, definitions: after[DEFINITIONS_STREAM] ?? 0 } };
}

/** When the oldest answer still kept was stored, if others before it were dropped that were not read up to `after`. */
async function oldestEndWhen(bus: Bus, after: number): Promise<number> {
  const info = await bus.streamInfo(RESULTS_STREAM);
  if (info === undefined || info.firstSequence <= after + 1) return 0;
  const oldest = await bus.readMessage(RESULTS_STREAM, info.firstSequence);
  return oldest?.storedAt ?? Number.POSITIVE_INFINITY;
}

const AT_ONCE = 256;

/** Fills an empty definitions bucket from what this node knows, and sees to it that the default namespace exists. */
export async function seedDefinitions(bus: Bus, jobs: Jobs, now: number): Promise<number> {
  const info = await bus.streamInfo(DEFINITIONS_STREAM);
  if (info !== undefined && info.messages > 0) return 0;
  const entries: [key: string, text: string][] = [];
  for (const { version: _, ...value } of jobs.namespaces.values()) entries.push([namespaceKey(value.name), encodeDefinition(value)]);
  if (!jobs.namespaces.has(DEFAULT_NAMESPACE)) {
    entries.push([namespaceKey(DEFAULT_NAMESPACE), encodeDefinition({ name: DEFAULT_NAMESPACE, description: '', createdAt: now, updatedAt: now })]);
  }
  for (const { version: _, ...value } of jobs.apps.values()) entries.push([appKey(value.namespace, value.name), encodeDefinition(value)]);
  for (const { definition } of jobs.all()) entries.push([jobKey(definition.namespace, definition.app, definition.name), encodeDefinition(definition)]);
  const bucket = bus.bucket(DEFINITIONS_BUCKET);
  for (let from = 0; from < entries.length; from += AT_ONCE) {
    await Promise.all(entries.slice(from, from + AT_ONCE).map(([key, text]) => bucket.compareAndSet(key, text, 0)));
  }
  return entries.length;
}
