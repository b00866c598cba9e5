import { NodeFaultError } from '../domain/errors.ts';
import type { Checkpoint, SnapshotFacts } from '../ports/index.ts';

/** Names of the calls by which a node gets another one's view. */
export const OPEN_SNAPSHOT = 'snapshot-open';
export const READ_SNAPSHOT = 'snapshot-read';
export const CLOSE_SNAPSHOT = 'snapshot-close';

/** What must hold of a view for it to help. */
export interface SnapshotNeed {
  readonly asker: string;
  /** Of one try: the same one again asks how far the copy is. */
  readonly id: string;
  /** Newest schema the asker can take. */
  readonly schemaVersion: number;
  /** Of each stream: which one it is, and the sequence the view must reach so that the log goes on from there. */
  readonly streams: readonly Checkpoint[];
}

/** `busy`: it gives its view to another node; `copying`: the copy is not made yet. Both: ask again. */
export type OpenAnswer = SnapshotFacts | 'busy' | 'copying';

const MOST_STREAMS = 16;
const MOST_TEXT = 300;

/** Throws NodeFaultError for what no node of ours sends. */
export function readNeed(input: unknown): SnapshotNeed {
  const { asker, id, schemaVersion, streams } = asRecord(input);
  if (isText(asker) && isText(id) && isCount(schemaVersion) && isCheckpoints(streams)) return { asker, id, schemaVersion, streams: streams.map(plain) };
  throw new NodeFaultError('The call for a snapshot is not one that nodes send.');
}

export function readPlace(input: unknown): { readonly id: string; readonly offset: number; readonly length: number } {
  const { id, offset, length } = asRecord(input);
  if (isText(id) && isCount(offset) && isCount(length)) return { id, offset, length };
  throw new NodeFaultError('The call for a piece of a snapshot is not one that nodes send.');
}

/** What the other node says its copy is. Throws NodeFaultError. */
export function readOpenAnswer(value: unknown): OpenAnswer {
  if (value === 'busy' || value === 'copying') return value;
  const { bytes, sha256, schemaVersion, checkpoints } = asRecord(value);
  if (isCount(bytes) && isText(sha256) && isCount(schemaVersion) && isCheckpoints(checkpoints)) return { bytes, sha256, schemaVersion, checkpoints: checkpoints.map(plain) };
  throw new NodeFaultError('The other server described its snapshot in a way that is not known here.');
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MOST_TEXT;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCheckpoints(value: unknown): value is readonly Checkpoint[] {
  return Array.isArray(value) && value.length <= MOST_STREAMS && value.every((each: unknown) => {
    const { stream, created, sequence } = asRecord(each);
    return isText(stream) && isText(created) && isCount(sequence);
  });
}

function plain({ stream, created, sequence }: Checkpoint): Checkpoint {
  return { stream, created, sequence };
}
