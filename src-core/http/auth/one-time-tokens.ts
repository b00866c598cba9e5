import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';

/** How long a token waits to be used. */
export const ONE_TIME_MS = 60_000;
const MOST_OUTSTANDING = 16;

interface Outstanding {
  readonly digest: Buffer;
  /** Monotonic. */
  readonly until: number;
}

/**
 * Tokens that the program hands to a window of its own, which turns one of them into a login: each works once, within ONE_TIME_MS.
 * Only digests are kept; with more than 16 outstanding the oldest becomes useless.
 */
export class OneTimeTokens {
  readonly #clock: Clock;
  readonly #randomBytes: (size: number) => Uint8Array;
  /** Oldest first. */
  #outstanding: readonly Outstanding[] = [];

  /** `randomBytes` has to be good enough for secrets. */
  constructor(clock: Clock, randomBytes: (size: number) => Uint8Array) {
    this.#clock = clock;
    this.#randomBytes = randomBytes;
  }

  /** 32 random bytes as base64url: 43 characters. */
  issue(): string {
    const token = Buffer.from(this.#randomBytes(32)).toString('base64url');
    this.#outstanding = [...this.#inTime(), { digest: digestOf(token), until: this.#clock.monotonic() + ONE_TIME_MS }].slice(-MOST_OUTSTANDING);
    return token;
  }

  /** Whether it is a token of ours that is still good; it is not any more afterwards. Takes the same time whatever is given. */
  redeem(token: string): boolean {
    const digest = digestOf(token);
    const outstanding = this.#inTime();
    this.#outstanding = outstanding.filter((one) => !timingSafeEqual(one.digest, digest));
    return this.#outstanding.length < outstanding.length;
  }

  /** Makes all that are outstanding useless. */
  clear(): void {
    this.#outstanding = [];
  }

  #inTime(): readonly Outstanding[] {
    const now = this.#clock.monotonic();
    return this.#outstanding.filter(({ until }) => until > now);
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
