import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { errors } from '@nats-io/transport-node';
import { UnavailableError } from '../domain/errors.ts';

/** The server answers, but has no JetStream for us. */
export class JetStreamOffError extends Error {
  override readonly name = 'JetStreamOffError';
  constructor(serverUrl: string, cause: unknown) {
    super(`The NATS server at ${serverUrl} has no JetStream (for this account): start it with -js, or enable JetStream for the account.`, { cause });
  }
}

/** A stream that is not ours already takes our subjects in. */
export class SubjectsTakenError extends Error {
  override readonly name = 'SubjectsTakenError';
  readonly stream: string;
  constructor(stream: string, subjects: readonly string[], owner: string | undefined, cause: unknown) {
    super(
      `Stream ${stream} cannot be made: ${owner === undefined ? 'another stream' : `stream ${owner}`} already takes in ${subjects.join(', ')}. ` +
        'Delete that stream or narrow its subjects, or use another NATS account.',
      { cause },
    );
    this.stream = stream;
  }
}

/** The account's permissions do not allow what the scheduler must do. */
export class NotPermittedError extends Error {
  override readonly name = 'NotPermittedError';
  constructor(doing: string, cause: unknown) {
    super(`NATS does not permit ${doing} (${describe(cause)}): allow this user to publish and subscribe to natsjob.>, natsjob-node.>, $KV.>, $JS.API.> and _INBOX.>.`, { cause });
  }
}

/** The server has no room for what the scheduler keeps there. */
export class StorageRefusedError extends Error {
  override readonly name = 'StorageRefusedError';
  constructor(what: string, cause: unknown) {
    super(`NATS has no storage left for ${what} (${describe(cause)}): free disk space, or raise the server's JetStream limits.`, { cause });
  }
}

/** Something that is not a NATS server listens where ours should. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
  readonly port: number;
  constructor(port: number) {
    super(`Port ${port} on 127.0.0.1 is in use by a program that is not a NATS server with JetStream: stop that program, or choose another port for NATS.`);
    this.port = port;
  }
}

/** There is no nats-server to start. */
export class NatsServerMissingError extends Error {
  override readonly name = 'NatsServerMissingError';
  constructor(looked: readonly string[]) {
    super(`nats-server was not found (looked at ${looked.join(', ')}): put nats-server 2.10 or newer on PATH, or set the URL of a NATS server that runs.`);
  }
}

/** The nats-server we started does not come up. */
export class NatsServerFailedError extends Error {
  override readonly name = 'NatsServerFailedError';
  constructor(reason: string, options?: ErrorOptions) {
    super(`nats-server does not start: ${reason}`, options);
  }
}

/** JetStream's err_code of an error, or 0. */
export function apiCode(error: unknown): number {
  return error instanceof JetStreamApiError ? error.code : 0;
}

export function isStreamMissing(error: unknown): boolean {
  return apiCode(error) === JetStreamApiCodes.StreamNotFound;
}

/** True if nobody answers JetStream's API. The library does not give out this error's class, only its name. */
export function isJetStreamOff(error: unknown): boolean {
  return error instanceof Error && error.name === 'JetStreamNotEnabled';
}

/** True if no answer came to what was asked: the server was silent for too long, or the connection broke over it. */
export function isUnanswered(error: unknown): boolean {
  if (error instanceof errors.RequestError) return !error.isNoResponders() && !isNotPermitted(error);
  return error instanceof errors.TimeoutError || error instanceof errors.ClosedConnectionError;
}

/** The same, or the connection was gone already. */
export function isAway(error: unknown): boolean {
  return error instanceof UnavailableError || isUnanswered(error) || error instanceof errors.DrainingConnectionError;
}

/** True if the account may not do what was tried. */
export function isNotPermitted(error: unknown): boolean {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if (each instanceof errors.PermissionViolationError || each instanceof errors.AuthorizationError) return true;
  }
  return false;
}

/** The error as the ports promise it: "trying again later may work". Keeps what is one already. */
export function asUnavailable(error: unknown, doing: string): UnavailableError {
  if (error instanceof UnavailableError) return error;
  return new UnavailableError(`NATS: ${doing} did not work: ${describe(error)}`, { cause: error });
}

/** An error in a few words, without a stack. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : error.name;
}
