/** Clocks that far apart are told of. */
const MOST_MS = 2000;
/** A look that came late, or a holder that died just then, is not a clock. */
const TIMES = 3;

/** How far another node's clock is from this one's, judged by the times it writes when it renews the lease. */
export class ClockSkew {
  #times = 0;
  #told = '';

  /** `said`: by the other, a moment ago. Gives what to tell, once for each node: how much it is ahead. */
  look(nodeId: string, said: number, now: number): number | undefined {
    const aheadMs = said - now;
    this.#times = Math.abs(aheadMs) > MOST_MS ? this.#times + 1 : 0;
    if (this.#times < TIMES || this.#told === nodeId) return undefined;
    this.#told = nodeId;
    return aheadMs;
  }
}
