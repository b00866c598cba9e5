import type { Role } from './dialect.ts';

export interface Limits {
  readonly statementMs: number;
  readonly lockMs: number;
  /** In a transaction, with nothing asked. */
  readonly idleMs: number;
}

/**
 * How long the server lets a session do what. A leader that was paused in the midst of a batch holds the row of the term: its
 * server ends it after `idleMs`, and whoever leads now waits for at most `lockMs` before it tries again.
 */
export const LIMITS: Readonly<Record<Role, Limits>> & { readonly closeMs: number } = {
  write: { statementMs: 20_000, lockMs: 2_000, idleMs: 3_000 },
  read: { statementMs: 10_000, lockMs: 2_000, idleMs: 10_000 },
  migrate: { statementMs: 3_600_000, lockMs: 60_000, idleMs: 3_600_000 },
  closeMs: 2_000,
};
