import type { Checkpoint } from './checkpoint.ts';

/** What a copy of a view is, before its bytes. */
export interface SnapshotFacts {
  readonly bytes: number;
  /** Of all of them, hex. */
  readonly sha256: string;
  readonly schemaVersion: number;
  /** How far the streams are applied in it. */
  readonly checkpoints: readonly Checkpoint[];
}

/** A copy of this node's view, as it was at one moment, for another node to read. */
export interface GivenSnapshot extends SnapshotFacts {
  /** Fewer bytes than asked for only at the end. Rejects with UnavailableError once it is closed. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Removes the copy; after some minutes without a read that happens by itself. Never rejects. */
  close(): Promise<void>;
}

/** A copy of another node's view on its way into the place of this node's. */
export interface TakenSnapshot {
  /** In any order. Rejects with UnavailableError (disk full) or BadSnapshotError (more than was promised). */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /**
   * Looks through what came, adds the ended runs that only this node's view has (`kept`), and puts it in the place of the view; a crash at any moment leaves the old view or the new one whole,
   * and so does a failure. Rejects with BadSnapshotError, NewerSchemaError or UnavailableError. Meanwhile, for a
   * moment, all calls of the store reject with UnavailableError.
   */
  install(): Promise<{ readonly kept: number }>;
  /** Removes what was written; harmless after install(). Never rejects. */
  discard(): Promise<void>;
}

/** A view that can give and take copies of itself whole. */
export interface Snapshots {
  /** The newest schema that can be taken. */
  readonly schemaVersion: number;
  /** Rejects with UnavailableError: no room, disk failed, closed. */
  give(): Promise<GivenSnapshot>;
  /** Begins to take one, one at a time. Rejects with BadSnapshotError, NewerSchemaError or UnavailableError (no room). */
  take(facts: SnapshotFacts): Promise<TakenSnapshot>;
}

/** What came is not what was promised, or no view of ours. */
export class BadSnapshotError extends Error {
  override readonly name = 'BadSnapshotError';
}
