import { UnavailableError } from '../domain/errors.ts';
import type { Checkpoint, Clock, Store } from '../ports/index.ts';
import { RESULTS_STREAM } from '../wire/index.ts';
import { timeLimit } from './time-limit.ts';

const DATABASE_LIMIT_MS = 500;

/** How far a node is done with the results stream: what is behind it may be purged as far as this node goes. */
export interface ResultsMark {
  /** Creation time of the stream it means. */
  readonly created: string;
  readonly sequence: number;
}

/** In the view, and read: with a shared database the view may be ahead of this node. `read`: its places in all streams. `awaited`: where a node that is given this one's view will read on. */
export async function resultsMark(store: Store, read: readonly Checkpoint[], awaited = Number.POSITIVE_INFINITY): Promise<ResultsMark> {
  const own = read.find(({ stream }) => stream === RESULTS_STREAM);
  const saved = (await store.checkpoints()).find(({ stream, created }) => stream === RESULTS_STREAM && created === own?.created);
  return { created: own?.created ?? '', sequence: Math.min(own?.sequence ?? 0, saved?.sequence ?? 0, awaited) };
}

/** The same for the others to know; undefined when the database cannot be asked within a moment: a node must not look dead for it. */
export function resultsMarkSoon(store: Store, clock: Pick<Clock, 'after' | 'soon'>, read: readonly Checkpoint[], awaited?: number): Promise<ResultsMark | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = timeLimit(clock, DATABASE_LIMIT_MS, () => resolve(undefined));
    resultsMark(store, read, awaited).then(resolve, (error: unknown) => (error instanceof UnavailableError ? resolve(undefined) : reject(error))).finally(cancel);
  });
}

/** What nobody needs any more. Whoever has not told, or tells of another stream, may need all. */
export function leastOf(own: ResultsMark, others: readonly (ResultsMark | undefined)[]): number {
  return Math.min(own.sequence, ...others.map((other) => (other?.created === own.created ? other.sequence : 0)));
}
