import type { Migration } from '../../remote/dialect.ts';
import { first } from './0001-first.ts';
import { OWN_OPTIONS } from './0003-own-options.ts';

/** The collation decides when two texts are one: by their code points, blanks at the end included where the server can. */
export function migrationsFor(collation: string): readonly Migration[] {
  return [
    { number: 1, statements: first(collation) },
    // Roll-ups that wait to become rows: SQLite's alone.
    { number: 2, statements: [] },
    { number: 3, statements: OWN_OPTIONS },
  ];
}
