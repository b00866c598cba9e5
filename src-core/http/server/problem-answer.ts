import { randomUUID } from 'node:crypto';
import type { Log } from '../../ports/log.ts';
import { ProblemError } from '../errors.ts';
import { toProblemError } from '../problem.ts';

/** The problem to answer an error with. One nobody foresaw is logged here, once, and told without its insides. */
export function answerFor(error: unknown, log: Log, request: string): ProblemError {
  return toProblemError(error) ?? fromFramework(error) ?? unforeseen(error, log, request);
}

/** Fastify's own errors carry a code and a status. */
function fromFramework(error: unknown): ProblemError | undefined {
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  if (typeof code !== 'string' || typeof statusCode !== 'number') return undefined;
  switch (code) {
    // The caller went away in the middle of its body.
    case 'ECONNRESET': return new ProblemError(400, 'invalid-body', 'Invalid body', 'The body was not sent to its end.');
    case 'FST_ERR_CTP_BODY_TOO_LARGE': return new ProblemError(413, 'body-too-large', 'Body too large', 'The body is larger than 1 MiB.');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE': return unsupportedType();
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH': return new ProblemError(400, 'invalid-body', 'Invalid body', 'Content-Length and the size of the body differ.');
    case 'FST_ERR_BAD_URL': return new ProblemError(400, 'invalid-url', 'Invalid address', 'The path is not a valid URL path.');
    default: break;
  }
  // Other refusals of the framework are the request's fault as well, unless they say otherwise.
  return code.startsWith('FST_') && statusCode >= 400 && statusCode < 500 ? new ProblemError(statusCode, 'bad-request', 'Bad request', 'The request could not be read.') : undefined;
}

export function unsupportedType(): ProblemError {
  return new ProblemError(415, 'unsupported-type', 'Unsupported content type', 'Send the body as Content-Type: application/json.', {
    errors: [{ field: 'Content-Type', message: 'must be application/json' }],
  });
}

function unforeseen(error: unknown, log: Log, request: string): ProblemError {
  const instance = `urn:uuid:${randomUUID()}`;
  log.error({ err: error, request, instance }, 'A request failed.');
  return new ProblemError(500, 'internal', 'Something went wrong here', 'The server\'s log says more, under the name in "instance".', { extra: { instance } });
}
