import { errors } from '@nats-io/transport-node';
import { UnavailableError } from '../domain/errors.ts';
import { isJetStreamOff, isUnanswered } from './errors.ts';

const PAUSE_MS = 50;

export interface AskAgainOptions {
  readonly patienceMs: number;
  /** There is nobody to ask any more. */
  readonly isOver: () => boolean;
}

/**
 * Asks again what got no answer, until the time is up: a server that stood still for a moment, or was started again, answers then.
 * Only for what may be asked twice. Rejects as the last try did; at once where nobody was there to be asked in the first place.
 */
export async function askAgain<Answer>(ask: () => Promise<Answer>, { patienceMs, isOver }: AskAgainOptions): Promise<Answer> {
  const end = performance.now() + patienceMs;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await ask();
    } catch (error) {
      const mayPass = isUnanswered(error) || (!isFirst && isNobodyThere(error));
      if (!mayPass || isOver() || performance.now() >= end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** As it is with a server that has just come back, or is about to. */
function isNobodyThere(error: unknown): boolean {
  return error instanceof UnavailableError || (error instanceof errors.RequestError && error.isNoResponders()) || isJetStreamOff(error);
}
