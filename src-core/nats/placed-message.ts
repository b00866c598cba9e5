import type { Incoming } from './incoming.ts';
import type { Place } from './message-line.ts';

/** A message in the piece of the socket it came in, all of which it holds. */
export class PlacedMessage implements Incoming {
  readonly #piece: Buffer;
  readonly #subjectStart: number;
  readonly #subjectEnd: number;
  readonly #replyStart: number;
  readonly #replyEnd: number;
  readonly #headStart: number;
  readonly #bodyStart: number;
  readonly #end: number;

  /** `place` is copied. */
  constructor(piece: Buffer, place: Place) {
    this.#piece = piece;
    this.#subjectStart = place.subjectStart;
    this.#subjectEnd = place.subjectEnd;
    this.#replyStart = place.replyStart;
    this.#replyEnd = place.replyEnd;
    this.#headStart = place.headStart;
    this.#bodyStart = place.bodyStart;
    this.#end = place.end;
  }

  get subject(): string {
    return this.#piece.toString('utf8', this.#subjectStart, this.#subjectEnd);
  }

  get reply(): string {
    return this.#piece.toString('utf8', this.#replyStart, this.#replyEnd);
  }

  get head(): string {
    return this.#piece.toString('utf8', this.#headStart, this.#bodyStart);
  }

  get size(): number {
    return this.#end - this.#bodyStart;
  }

  get text(): string {
    return this.#piece.toString('utf8', this.#bodyStart, this.#end);
  }

  get bytes(): Uint8Array {
    return this.#piece.subarray(this.#bodyStart, this.#end);
  }
}
