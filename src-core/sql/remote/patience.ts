/** Waits for answers of one session: nothing for so long, and it is given up. Without it a server that hangs holds a batch until the network gives up. */
export class Patience {
  readonly #timer: NodeJS.Timeout;

  constructor(limitMs: number, giveUp: () => void) {
    this.#timer = setTimeout(giveUp, limitMs);
  }

  /** Something came. */
  renew(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Gives up what has not ended by then: a server may hang in the midst of a greeting, too. */
export async function inTime<Value>(limitMs: number, giveUp: () => void, work: () => Promise<Value>): Promise<Value> {
  const patience = new Patience(limitMs, giveUp);
  try {
    return await work();
  } finally {
    patience.end();
  }
}
