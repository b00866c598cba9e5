import type { End } from '../wire/index.ts';
import type { BookEntry } from './book-entry.ts';

/** What the book tells while it applies; callbacks must not call back into the book's apply functions. */
export interface BookListener {
  /** The log shows the run as sent; `entry.record.expiresAt` is set. */
  dispatched(entry: BookEntry): void;
  /** `isAsked`: by a message of whoever wants it, which no gate has seen. */
  accepted(entry: BookEntry, isAsked: boolean): void;
  /** Map: the first `success:next` counted. */
  nextStep(entry: BookEntry): void;
  ended(entry: BookEntry): void;
  /** A valid answer, counted or late, that asks for a monitor message. */
  monitored(run: { id: string; namespace: string; app: string; job: string }, subId: string, end: End, sequence: number): void;
  oddity(kind: string): void;
}
