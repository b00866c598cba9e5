import type { LogMessage } from '../ports/bus.ts';
import type { Log } from '../ports/log.ts';

const COMPLAINT_MS = 60_000;

/** What goes wrong with publishing, said once a minute at most. */
export class Complaints {
  readonly #log: Log;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(log: Log) {
    this.#log = log;
  }

  say(what: string, message?: LogMessage): void {
    const now = performance.now();
    if (now - this.#saidAt < COMPLAINT_MS) return;
    this.#saidAt = now;
    this.#log.warn(message === undefined ? {} : { subject: message.subject, id: message.id }, `publishing: ${what}`);
  }
}
