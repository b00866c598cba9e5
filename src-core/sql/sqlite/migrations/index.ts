import { FIRST } from './0001-first.ts';
import { PENDING_ENDS } from './0002-pending-ends.ts';
import { OWN_OPTIONS } from './0003-own-options.ts';

export interface Migration {
  /** From 1, without gaps. */
  readonly number: number;
  readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  { number: 1, sql: FIRST },
  { number: 2, sql: PENDING_ENDS },
  { number: 3, sql: OWN_OPTIONS },
];
