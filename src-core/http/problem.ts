import {
  AlreadyExistsError, ConflictError, InvalidInputError, NodeFaultError, NotFoundError, NotLeadingError, RunSkippedError, StaleVersionError, UnansweredError, UnavailableError,
} from '../domain/errors.ts';
import type { FieldError } from '../domain/errors.ts';
import type { Problem } from './contract.ts';
import { ProblemError } from './errors.ts';

export const PROBLEM_TYPE = 'application/problem+json';

/** The answer for an error of ours; undefined for one nobody foresaw. */
export function toProblemError(error: unknown): ProblemError | undefined {
  if (error instanceof ProblemError) return error;
  if (error instanceof InvalidInputError) return invalidInput(error.errors);
  if (error instanceof NotFoundError) return new ProblemError(404, 'not-found', 'Not found', error.message);
  if (error instanceof AlreadyExistsError) return new ProblemError(409, 'already-exists', 'Exists already', error.message);
  if (error instanceof StaleVersionError) {
    return new ProblemError(412, 'stale-version', 'Changed by somebody else', error.message, { extra: { currentVersion: error.current } });
  }
  if (error instanceof RunSkippedError) {
    return new ProblemError(409, 'run-skipped', 'The run was not started', error.message, { extra: { reason: error.reason } });
  }
  if (error instanceof ConflictError) return new ProblemError(409, 'conflict', 'Not possible in this state', error.message);
  if (error instanceof UnansweredError) return new ProblemError(503, 'unanswered', 'May have been done', error.message);
  if (error instanceof UnavailableError || error instanceof NotLeadingError) {
    return new ProblemError(503, 'unavailable', 'Not available right now', error.message, { extra: { retryAfter: RETRY_SECONDS }, headers: { 'retry-after': String(RETRY_SECONDS) } });
  }
  if (error instanceof NodeFaultError) return new ProblemError(502, 'node-fault', 'Another server failed', error.message);
  return undefined;
}

export function invalidInput(errors: readonly FieldError[]): ProblemError {
  const detail = errors.map((error) => (error.field === '' ? error.message : `${error.field}: ${error.message}`)).join('; ');
  return new ProblemError(400, 'invalid-input', 'Invalid input', detail, { errors });
}

export function problemBody(error: ProblemError): Problem {
  return {
    type: `urn:natsjob:problem:${error.kind}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    errors: error.errors.map(({ field, message }) => ({ field, message })),
    ...error.extra,
  };
}

/** How soon it makes sense to ask again while NATS or the database is away. */
const RETRY_SECONDS = 2;
