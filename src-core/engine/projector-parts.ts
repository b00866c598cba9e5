import type { BookEntry, RunBook } from '../decide/index.ts';
import type { SkipCount } from '../domain/skip.ts';
import type { Checkpoint } from '../ports/index.ts';
import type { Backlog, Places } from './backlog.ts';
import type { EngineContext } from './context.ts';

export interface ProjectorParts {
  readonly context: EngineContext;
  readonly book: RunBook;
  readonly term: () => number;
  /** Whether the view is this node's to write now. */
  readonly mayWrite: () => boolean;
  /** How far the streams are applied to the book, with the results held back before ends that wait for their dispatch. */
  readonly checkpoints: () => readonly Checkpoint[];
  /** How far they are applied, whatever is held. */
  readonly places: () => Places;
  /** Writes what the view lacks up to the place. */
  readonly backlog: (through: Places, term: number) => Backlog;
  /** A backlog has brought the view as far as the log goes, and nothing is written yet of what is kept. */
  readonly viewCaughtUp: () => Promise<void>;
  /** Reads to the end of the log. */
  readonly caughtUp: () => Promise<void>;
  /** The view has them, or they are another's to write. */
  readonly saved: (entries: readonly BookEntry[], skips: readonly SkipCount[]) => void;
  /** The view has the given term already, which is newer than ours. */
  readonly stale: (term: number) => void;
}
