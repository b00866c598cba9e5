import type { Log } from '../ports/log.ts';
import type { Complaints } from './complaints.ts';
import type { Connection } from './connection.ts';
import { describe } from './errors.ts';
import type { InFlight } from './in-flight.ts';
import type { Entry } from './log-queue.ts';
import type { LogTarget } from './log-reconcile.ts';
import { findStored, learnTarget } from './log-reconcile.ts';

const RETRY_MS = 250;

export interface StreamLookupParts {
  readonly connection: Connection;
  readonly term: number;
  readonly targets: readonly LogTarget[];
  readonly inFlight: InFlight;
  readonly complaints: Complaints;
  readonly log: Log;
  readonly found: (slot: number, entry: Entry, sequence: number) => void;
  readonly missing: (slot: number, entry: Entry) => void;
}

/** Asks the streams for what no acknowledgement has told. Tries until it knows, or until the work is void: `isVoid`. */
export class StreamLookup {
  readonly #parts: StreamLookupParts;

  constructor(parts: StreamLookupParts) {
    this.#parts = parts;
  }

  /** Whether each stream is there and where it ends. */
  async learnEnds(isVoid: () => boolean): Promise<void> {
    const { connection, targets, complaints } = this.#parts;
    for (const target of targets) {
      let known = false;
      while (!isVoid() && !known) {
        try {
          await learnTarget(connection, target);
          known = true;
        } catch (error) {
          complaints.say(`the stream ${target.stream} cannot be read: ${describe(error)}`);
          await pause(RETRY_MS);
        }
      }
    }
  }

  /** Tells of each message in flight whether its stream has it: resolves to how many are missing. */
  async findUnanswered(isVoid: () => boolean): Promise<number> {
    const { connection, term, targets, inFlight, complaints } = this.#parts;
    let missing = 0;
    for (const target of targets) {
      while (!isVoid()) {
        const unknown = inFlight.entries().filter(([, entry]) => entry.target === target);
        const first = unknown[0];
        if (first === undefined) break;
        const ids = new Set(unknown.map(([, entry]) => entry.message.id));
        try {
          const stored = await findStored(connection, target, ids, first[1].after, term);
          if (isVoid()) return missing;
          missing += this.#sort(unknown, stored);
          break;
        } catch (error) {
          complaints.say(`cannot learn yet what ${target.stream} holds: ${describe(error)}`);
          await pause(RETRY_MS);
        }
      }
    }
    return missing;
  }

  #sort(unknown: readonly (readonly [number, Entry])[], stored: ReadonlyMap<string, number>): number {
    const { inFlight, log } = this.#parts;
    let found = 0;
    let missing = 0;
    for (const [slot, entry] of unknown) {
      // Its acknowledgement may have come while the stream was read.
      if (!inFlight.has(slot)) continue;
      const sequence = stored.get(entry.message.id);
      if (sequence !== undefined) {
        found++;
        this.#parts.found(slot, entry, sequence);
      } else {
        missing++;
        this.#parts.missing(slot, entry);
      }
    }
    log.info({ found, sendAgain: missing }, 'publishing: unanswered messages were looked up in the stream');
    return missing;
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
