import { IllegalTransitionError } from './errors.ts';
import type { RunRecord, RunState } from './run.ts';

/**
 * The life of a run.
 *
 *   delayed ──► waiting ──► active ──► completed | failed | expired | cancelled
 *      └───────────┴──────────────────────────────────────────────► cancelled
 *
 * A run is born in any of the first three. A failed or expired one with attempts
 * left is followed by a new record in `delayed`; its own state never changes again.
 */
const ALLOWED: Readonly<Record<RunState, readonly RunState[]>> = {
  delayed: ['waiting', 'active', 'cancelled', 'failed', 'expired', 'completed'],
  waiting: ['active', 'cancelled', 'failed', 'expired', 'completed'],
  active: ['completed', 'failed', 'expired', 'cancelled'],
  completed: [],
  failed: [],
  expired: [],
  cancelled: [],
};

export function canMove(from: RunState, to: RunState): boolean {
  return ALLOWED[from].includes(to);
}

/** Changes the state in place. Throws IllegalTransitionError for a move the table does not have. */
export function moveTo(run: RunRecord, to: RunState): void {
  if (!canMove(run.state, to)) throw new IllegalTransitionError(run.state, to, run.id);
  run.state = to;
}
