import type { RunBook } from '../decide/index.ts';
import type { Checkpoint } from '../ports/index.ts';
import { DEFINITIONS_STREAM, RESULTS_STREAM, STREAM } from '../wire/index.ts';
import type { Observer } from './observer.ts';

/** How far a node has read the log, whatever its view has of it. */
export class LogPlaces {
  /** Creation times of the streams that are read. */
  created: Readonly<Record<string, string>> = {};
  readonly #observer: () => Observer;
  readonly #book: RunBook;

  constructor(observer: () => Observer, book: RunBook) {
    this.#observer = observer;
    this.#book = book;
  }

  get read(): { readonly runs: number; readonly results: number; readonly definitions: number } {
    return this.#observer().positions;
  }

  /** The results up to where none waits for its dispatch: what is behind that has to be read again after a crash. */
  get settledResults(): number {
    const held = this.#book.pending.lowestSequence();
    const { results } = this.read;
    return held === undefined ? results : Math.min(results, held - 1);
  }

  /** What goes into the view with the rows. */
  checkpoints(): readonly Checkpoint[] {
    return this.#at(this.settledResults);
  }

  positions(): readonly Checkpoint[] {
    return this.#at(this.read.results);
  }

  #at(results: number): readonly Checkpoint[] {
    const { runs, definitions } = this.read;
    const at = (stream: string, sequence: number): Checkpoint => ({ stream, created: this.created[stream] ?? '', sequence });
    return [at(STREAM, runs), at(RESULTS_STREAM, results), at(DEFINITIONS_STREAM, definitions)];
  }
}
