import type { LeaseValue } from '../domain/lease.ts';

export interface LeaseEntry {
  readonly value: LeaseValue;
  readonly revision: number;
}

/** One shared entry, changed only by compare-and-set. Calls reject with UnavailableError when it cannot be reached. */
export interface LeaseStore {
  read(): Promise<LeaseEntry | undefined>;
  /** `revision` 0 = there must be none. Resolves to the new revision, or undefined when somebody was faster. */
  write(value: LeaseValue, revision: number): Promise<number | undefined>;
}
