interface Open {
  readonly at: number;
  /** Everything sent for this moment has a higher sequence. */
  readonly after: number;
  count: number;
}

/** What the leader before sent: fires up to `through`, all of them behind the sequence `after`. */
export interface Inherited {
  readonly after: number;
  readonly through: number;
}

/**
 * Fires whose messages are not in the log yet, in order of their moments: the watermark stays before the oldest,
 * so that whoever takes over looks at all of them.
 */
export class FireLedger {
  readonly #open = new Map<number, Open>();
  /** Where the runs stream ended when this leader began. */
  readonly #floor: number;
  readonly #inherited: Inherited;

  constructor(floor: number, inherited: Inherited = { after: floor, through: 0 }) {
    this.#floor = floor;
    this.#inherited = inherited;
  }

  /** `lastSequence`: highest sequence of the runs stream known before the first message of this moment. */
  opened(at: number, lastSequence: number): void {
    const open = this.#open.get(at);
    if (open === undefined) this.#open.set(at, { at, after: Math.max(this.#floor, lastSequence), count: 1 });
    else open.count++;
  }

  settled(at: number): void {
    const open = this.#open.get(at);
    if (open === undefined) return;
    open.count--;
    if (open.count === 0) this.#open.delete(at);
  }

  /** How far firing is in the log, given how far it is decided. */
  progress(decidedThrough: number, lastSequence: number): { watermark: number; runsSequence: number } {
    let watermark = decidedThrough;
    let runsSequence = Math.max(this.#floor, lastSequence);
    for (const open of this.#open.values()) {
      watermark = Math.min(watermark, open.at - 1);
      runsSequence = Math.min(runsSequence, open.after);
    }
    // Until the watermark has passed the fires of the leader before, whoever comes next has to find them too.
    if (watermark < this.#inherited.through) runsSequence = Math.min(runsSequence, this.#inherited.after);
    return { watermark, runsSequence };
  }
}
