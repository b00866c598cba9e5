import { InvalidInputError, type SkipCount } from '../domain/index.ts';
import { SKIP_REASON } from './sqlite/codes.ts';

/** Place of a counter in the list of them: by hour, then job number, then code of the reason; all falling. */
export type SkipPlace = readonly [hour: number, jobNumber: number, reason: number];

const SHAPE = /^(\d{1,15}):(\d{1,7}):(\d{1,3})$/;

export function placeOf(skip: SkipCount): SkipPlace {
  return [skip.hour, skip.jobNumber, SKIP_REASON.toCode[skip.reason]];
}

/** The cursor that goes on after the counter. */
export function skipCursor(skip: SkipCount): string {
  return placeOf(skip).join(':');
}

/** Throws InvalidInputError: a cursor comes from outside. */
export function parseSkipCursor(text: string | undefined): SkipPlace | undefined {
  if (text === undefined) return undefined;
  const match = SHAPE.exec(text);
  if (match === null) throw new InvalidInputError([{ field: 'before', message: 'must be the place of a skip counter' }]);
  return [Number(match[1]), Number(match[2]), Number(match[3])];
}

/** Below 0: the first place comes before the second in the list, newest first. */
export function comparePlaces(a: SkipPlace, b: SkipPlace): number {
  return b[0] - a[0] || b[1] - a[1] || b[2] - a[2];
}
