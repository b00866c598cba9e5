import type { Connection } from './connection.ts';
import type { InFlight } from './in-flight.ts';

/** Well within the lease's margin: what the kernel holds is dropped before another node leads. */
const LOOK_MS = 50;

/**
 * What is unanswered when the trust ends may still lie in the kernel's buffers, on its way to a server that is out of reach;
 * once the network is back it would be shown to core subscribers beside what the next leader sent. A reset of the
 * connection drops it.
 */
export class TrustWatch {
  readonly #connection: Connection;
  readonly #inFlight: InFlight;
  readonly #isReady: () => boolean;
  readonly #maySend: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  /** `isReady`: what is in flight was given to the connection there is now; what was given to an earlier one was dropped with it. */
  constructor(connection: Connection, inFlight: InFlight, isReady: () => boolean, maySend: () => boolean) {
    this.#connection = connection;
    this.#inFlight = inFlight;
    this.#isReady = isReady;
    this.#maySend = maySend;
  }

  /** Something was sent: looks as long as anything is unanswered. */
  start(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#inFlight.size === 0) return;
      this.look();
      this.start();
    }, LOOK_MS);
  }

  look(): void {
    if (this.#isReady() && this.#inFlight.size > 0 && !this.#maySend()) this.#connection.drop();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
