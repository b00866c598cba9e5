import type { RunQuery } from '../../../ports/index.ts';
import { runIdFloor } from '../../../wire/index.ts';
import { parseBefore } from '../../run-id.ts';

/** Where ids can lie, both ends included. */
export interface IdRange {
  readonly low: bigint;
  readonly high: bigint;
}

const HIGHEST = 2n ** 63n - 1n;

/** The ids that a query's times and cursor allow; an id carries its own time. Throws InvalidInputError for a cursor that is none. */
export function idRange(query: Pick<RunQuery, 'from' | 'to' | 'before'>): IdRange {
  const before = parseBefore(query.before);
  const low = query.from === undefined ? 0n : runIdFloor(query.from);
  let high = query.to === undefined ? HIGHEST : runIdFloor(query.to) - 1n;
  if (before !== undefined && BigInt(before) <= high) high = BigInt(before) - 1n;
  return { low, high };
}
