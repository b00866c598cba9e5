interface Moment {
  readonly at: number;
  /** Everything sent for this moment has a higher sequence. */
  readonly after: number;
  /** Fires of it that are not in the log yet. */
  count: number;
}

/** What the leader before sent: fires up to `through`, all of them behind the sequence `after`. */
export interface Inherited {
  readonly after: number;
  readonly through: number;
}

/**
 * Moments of fires that the watermark has not passed. It stays before the oldest fire whose message is not in the log, so
 * that whoever takes over looks at all of them; and what of these moments is in the log already stands behind the sequence.
 */
export class FireLedger {
  readonly #moments = new Map<number, Moment>();
  /** Where the runs stream ended when this leader began. */
  readonly #floor: number;
  #inherited: Inherited;

  constructor(floor: number, inherited: Inherited = { after: floor, through: 0 }) {
    this.#floor = floor;
    this.#inherited = inherited;
  }

  /** `lastSequence`: highest sequence of the runs stream known before the first message of this moment. */
  opened(at: number, lastSequence: number): void {
    const moment = this.#moments.get(at);
    if (moment === undefined) this.#moments.set(at, { at, after: Math.max(this.#floor, lastSequence), count: 1 });
    else moment.count++;
  }

  /** A fire that another leader sent has come into the log since: whoever comes next has to find it, too. */
  foundSent(at: number): void {
    const { after, through } = this.#inherited;
    this.#inherited = { after, through: Math.max(through, at) };
  }

  settled(at: number): void {
    const moment = this.#moments.get(at);
    if (moment !== undefined) moment.count--;
  }

  /** How far firing is in the log, given how far it is decided. */
  progress(decidedThrough: number, lastSequence: number): { watermark: number; runsSequence: number } {
    let watermark = decidedThrough;
    for (const { at, count } of this.#moments.values()) if (count > 0) watermark = Math.min(watermark, at - 1);
    let runsSequence = Math.max(this.#floor, lastSequence);
    for (const { at, after } of this.#moments.values()) {
      if (at <= watermark) this.#moments.delete(at);
      else runsSequence = Math.min(runsSequence, after);
    }
    // Until the watermark has passed the fires of the leader before, whoever comes next has to find them too.
    if (watermark < this.#inherited.through) runsSequence = Math.min(runsSequence, this.#inherited.after);
    return { watermark, runsSequence };
  }
}
