import type { Row } from '../remote/dialect.ts';
import type { CopyTable } from './copy-tables.ts';

/** Rows that are moved in one go. */
export const SLICE = 1_000;

/** Where a copy comes from. */
export interface CopySource {
  /** For people; no password. */
  readonly name: string;
  count(table: CopyTable): Promise<number>;
  /** By key, in slices. */
  rows(table: CopyTable): AsyncIterable<readonly Row[]>;
  /** Highest term that wrote. */
  term(): Promise<number>;
  /** Another text each time somebody has written. */
  mark(): Promise<string>;
  close(): Promise<void>;
}

/** Where it goes. `begin` to `finish` are called once, in order; what was begun and not finished is begun anew by the next copy. */
export interface CopyTarget {
  readonly name: string;
  /** Whether there are rows that no copy of ours has left unfinished. */
  isTaken(): Promise<boolean>;
  /** Deletes what is there. */
  begin(): Promise<void>;
  put(table: CopyTable, rows: readonly Row[]): Promise<void>;
  count(table: CopyTable): Promise<number>;
  finish(term: number): Promise<void>;
  close(): Promise<void>;
}
