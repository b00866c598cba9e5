import type { RunBook } from '../decide/index.ts';
import { UnavailableError } from '../domain/errors.ts';
import { isFinal } from '../domain/run.ts';
import type { Bus } from '../ports/index.ts';
import { decodeRunsRemoved, REMOVED_WILDCARD, STREAM, TERM_HEADER } from '../wire/index.ts';

/** A day's cleanings are read in a moment; NATS that is slower than that is as good as away. */
const READ_MS = 30_000;

/**
 * Runs that the log says are to go from the view. Streams have no order between them: one whose end this node has not read yet is
 * held until it has, or its end would be counted on some nodes and not on others. The view's checkpoint does not wait for that: rows
 * newer than it would be gone on from wrongly after a crash. Whoever goes on from a view asks `heldRemovals` what was held.
 */
export class Removals {
  readonly #book: Pick<RunBook, 'get'>;
  readonly #held = new Set<string>();

  constructor(book: Pick<RunBook, 'get'>) {
    this.#book = book;
  }

  add(taskIds: Iterable<string>): void {
    for (const taskId of taskIds) this.#held.add(taskId);
  }

  /** How many could be taken now. */
  get due(): number {
    let count = 0;
    for (const taskId of this.#held) if (!this.#isOpen(taskId)) count++;
    return count;
  }

  take(): readonly string[] {
    if (this.#held.size === 0) return [];
    const taken = [...this.#held].filter((taskId) => !this.#isOpen(taskId));
    for (const taskId of taken) this.#held.delete(taskId);
    return taken;
  }

  /** All there are, which are then another's. */
  release(): readonly string[] {
    const all = [...this.#held];
    this.#held.clear();
    return all;
  }

  #isOpen(taskId: string): boolean {
    const entry = this.#book.get(taskId);
    return entry !== undefined && !isFinal(entry.record.state);
  }
}

/**
 * Runs that are open in the book, as the view has them, and that the log says are to go: whoever wrote the view has read that, up to
 * the given place, and not yet their ends. Rejects with UnavailableError.
 */
export async function heldRemovals(bus: Pick<Bus, 'read'>, book: Pick<RunBook, 'entries'>, through: number): Promise<readonly string[]> {
  const open = new Set<string>();
  for (const { record } of book.entries()) if (!isFinal(record.state)) open.add(record.id);
  if (open.size === 0 || through === 0) return [];
  const held: string[] = [];
  const isWhole = await bus.read({
    stream: STREAM, subjects: [REMOVED_WILDCARD], limitMs: READ_MS,
    onMessage: (message) => {
      if (message.sequence > through) return false;
      if (message.header(TERM_HEADER) === '') return true;
      for (const taskId of decodeRunsRemoved(message.text)?.taskIds ?? []) if (open.has(taskId)) held.push(taskId);
      return true;
    },
  });
  if (!isWhole) throw new UnavailableError(`NATS took longer than ${READ_MS} ms to show which runs are to go.`);
  return held;
}
