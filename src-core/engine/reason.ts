import { UnavailableError } from '../domain/errors.ts';

/** An error as a log line's fields: what is expected of an outage is a sentence, anything else keeps its stack. */
export function reasonOf(error: unknown): object {
  return error instanceof UnavailableError ? { reason: error.message } : { err: error };
}
