import type { Migration } from '../../remote/dialect.ts';
import { FIRST } from './0001-first.ts';
import { OWN_OPTIONS } from './0003-own-options.ts';

export const DM_MIGRATIONS: readonly Migration[] = [
  { number: 1, statements: FIRST },
  // Roll-ups that wait to become rows: SQLite's alone.
  { number: 2, statements: [] },
  { number: 3, statements: OWN_OPTIONS },
];
