import { describe } from '../../nats/errors.ts';
import type { Log } from '../../ports/log.ts';
import type { WorkerBucket } from './worker-bucket.ts';

/** What is asked of the bucket. */
export type SuspectsBucket = Pick<WorkerBucket, 'get' | 'compareAndSet' | 'forget'>;

/** `deadly`: it is to be given up. `unwanted`: nobody wants it handled here any more. */
export type Verdict = 'begun' | 'deadly' | 'unwanted';

export interface Turn {
  readonly verdict: Verdict;
  /** The next one may begin. The process has outlived this one, so the note of its beginning goes. */
  end(): void;
}

export interface Suspect {
  /** Of its note in the bucket. */
  readonly key: string;
  readonly deliveries: number;
  readonly maxDeliveries: number;
  /** Asked when its turn has come. */
  isWanted(): boolean;
}

/** Below that there are too few deliveries to find out which one it is: then their number alone counts. */
const LEAST_TO_TELL = 4;
/** So often it was alone in a process that died. */
const DEADLY = 2;

/** Delivered so often that it may be what kills processes. */
export function isSuspect(deliveries: number, maxDeliveries: number): boolean {
  return deliveries > 1 && (maxDeliveries < LEAST_TO_TELL ? deliveries > maxDeliveries : deliveries > maxDeliveries / 2);
}

/** `noted`: how often it was begun, alone, and not ended; undefined when that cannot be known. */
export function isDeadly(deliveries: number, maxDeliveries: number, noted: number | undefined): boolean {
  if (maxDeliveries < LEAST_TO_TELL) return deliveries > maxDeliveries;
  return noted === undefined ? deliveries > 2 * maxDeliveries : deliveries > maxDeliveries && noted >= DEADLY;
}

/**
 * Finds the message that kills its process among those that die with it. The server counts deliveries of all of them alike,
 * also of those that were never begun. So what has been delivered often is handled one at a time, and that it was begun is
 * noted in NATS before: whoever is found to be begun again and again, alone, and never ended, it was.
 */
export class Suspects {
  readonly #bucket: () => SuspectsBucket;
  readonly #log: Log;
  #last: Promise<void> = Promise.resolve();
  #endCurrent = (): void => {};

  constructor(bucket: () => SuspectsBucket, log: Log) {
    this.#bucket = bucket;
    this.#log = log;
  }

  /** Resolves when all that came before it have ended. Never rejects. */
  async begin(suspect: Suspect): Promise<Turn> {
    const before = this.#last;
    let next = (): void => {};
    this.#last = new Promise((resolve) => {
      next = resolve;
    });
    await before;
    if (!suspect.isWanted()) {
      next();
      return { verdict: 'unwanted', end() {} };
    }
    const { verdict, revision } = await this.#note(suspect);
    const end = (): void => {
      this.#endCurrent = () => {};
      if (verdict === 'begun' && revision !== undefined) this.#forget(suspect.key, revision);
      next();
    };
    this.#endCurrent = end;
    return { verdict, end };
  }

  /** The process ends in order: what is in hand has not killed it. */
  close(): void {
    this.#endCurrent();
  }

  async #note({ key, deliveries, maxDeliveries }: Suspect): Promise<{ verdict: Verdict; revision: number | undefined }> {
    let noted: number | undefined;
    let revision: number | undefined;
    if (maxDeliveries >= LEAST_TO_TELL) {
      try {
        const present = await this.#bucket().get(key);
        noted = Number(present?.text ?? 0) || 0;
        if (!isDeadly(deliveries, maxDeliveries, noted)) revision = await this.#bucket().compareAndSet(key, String(noted + 1), present?.revision ?? 0);
      } catch (error) {
        noted = undefined;
        this.#log.warn({ key, error: describe(error) }, 'that a message is begun which may kill its process could not be noted');
      }
    }
    return { verdict: isDeadly(deliveries, maxDeliveries, noted) ? 'deadly' : 'begun', revision };
  }

  #forget(key: string, revision: number): void {
    this.#bucket().forget(key, revision).catch((error: unknown) => this.#log.debug({ key, error: describe(error) }, 'the note of a beginning stays for a while'));
  }
}
