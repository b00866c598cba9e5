import type { End, EndKey } from '../wire/index.ts';
import type { BookEntry } from './book-entry.ts';

/**
 * Whether the end stands on a key that the run's messages did not give out: nobody who was asked can have answered there.
 * Ends of our own may stand on any of them.
 */
export function isForeignKey({ record, targets, nextSeen }: BookEntry, key: EndKey, end: End): boolean {
  if (end.status === 'cancelled' || end.status === 'expired') return false;
  if (record.category === 'map') return key.kind === 'client-end' || (key.kind === 'end' && !nextSeen && record.step < 2);
  if (targets !== undefined) return key.kind !== 'client-end';
  return record.model === 'ultra' ? key.kind !== 'client-end' || key.subId !== '1' : key.kind !== 'end';
}
