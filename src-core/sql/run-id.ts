import { InvalidInputError } from '../domain/index.ts';

const SHAPE = /^[1-9][0-9]{0,18}$/;
const LARGEST = '9223372036854775807';

/** Whether the text is a positive integer of 63 bits, written the one way: what an integer column gives back unchanged. */
export function isStorableId(text: string): boolean {
  return SHAPE.test(text) && (text.length < 19 || text <= LARGEST);
}

/** For binding. Throws RangeError for what is not an id: the engine's fault, so nothing of the batch is written. */
export function idToInteger(text: string): bigint {
  if (!isStorableId(text)) throw new RangeError(`"${text.slice(0, 40)}" is not a run id: it must be a decimal number of 1 to 63 bits.`);
  return BigInt(text);
}

/** The cursor of a page. Throws InvalidInputError: it comes from outside. */
export function parseBefore(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!isStorableId(text)) throw new InvalidInputError([{ field: 'before', message: 'must be a run id' }]);
  return text;
}

/** Orders ids by value, without a bigint. */
export function compareIds(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
