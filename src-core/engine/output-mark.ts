interface Place {
  /** Both streams as far as they were applied … */
  readonly results: number;
  /** … and the runs stream's end as this leader knew it: whatever was sent for later answers stands behind it. */
  readonly runs: number;
}

/**
 * How far the consequences of what the log says (monitor messages, retries, next steps) are themselves in the log. Whoever
 * takes over looks again at all answers behind that, and must find what was sent for them: so the runs sequence it begins
 * to read from is not later than the first consequence of the first of these answers.
 */
export class OutputMark {
  #places: Place[];
  #settledResults: number;
  #lookedResults: number;
  #lookedOutputs = 0;

  constructor(start: Place) {
    this.#places = [start];
    this.#settledResults = start.results;
    this.#lookedResults = start.results;
  }

  /**
   * Called before each renewal of the lease. `held`: answers up to here are applied for good; `settledOutputs`: that many
   * consequences, from the first on, are in the log, of the `outputs` there were.
   */
  look(now: Place & { held: number; outputs: number; settledOutputs: number }): { resultsSequence: number; runsSequence: number } {
    // What followed from the answers of the last look is in the log once every output it had counted is.
    if (now.settledOutputs >= this.#lookedOutputs) this.#settledResults = Math.max(this.#settledResults, this.#lookedResults);
    this.#lookedResults = now.held;
    this.#lookedOutputs = now.outputs;
    this.#places.push({ results: now.results, runs: now.runs });
    while (this.#places.length > 1 && (this.#places[1] as Place).results <= this.#settledResults) this.#places.shift();
    return { resultsSequence: this.#settledResults, runsSequence: (this.#places[0] as Place).runs };
  }
}
