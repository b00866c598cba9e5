import { InvalidInputError, UnavailableError } from '../../domain/index.ts';
import { NewerSchemaError, StaleTermError, type RemoteDatabase } from '../../ports/index.ts';
import type { Dialect, Failure } from './dialect.ts';

/** Most characters of what a server says of itself. */
const LONGEST_DETAIL = 300;

/**
 * What a driver throws, in words a person can act on. Conditions that may pass become UnavailableError; what is a fault of ours
 * is given back unchanged. The cause carries code and sentence only: drivers hang statements, and so people's data, on theirs.
 */
export function explain(dialect: Dialect, database: RemoteDatabase, error: unknown, schemaDoubted: () => void): unknown {
  if (error instanceof UnavailableError || error instanceof StaleTermError || error instanceof NewerSchemaError || error instanceof InvalidInputError || error instanceof RangeError) return error;
  const failure = dialect.explain(error);
  if (failure.kind === 'table-missing') schemaDoubted();
  if (failure.kind === 'ours') return error;
  const detail = withoutPassword(failure.detail, database.password).slice(0, LONGEST_DETAIL);
  const cause = Object.assign(new Error(detail), { code: failure.code });
  return new UnavailableError(`${sentenceFor(failure, `${dialect.product} database "${database.database}" at ${database.host}:${database.port}`)} (${failure.code}: ${detail})`, { cause });
}

function sentenceFor({ kind }: Failure, where: string): string {
  if (kind === 'refused') return `The ${where} does not let natsjob in: check user, password, TLS, the name of the database and its permissions.`;
  if (kind === 'slow') return `The ${where} did not answer in time.`;
  if (kind === 'full') return `The disk of the ${where} is full: make room, the view then catches up by itself.`;
  if (kind === 'read-only') return `The ${where} takes no writes: it is a replica or was made read-only.`;
  if (kind === 'table-missing') return `The ${where} has lost tables of natsjob; they are made again.`;
  return `The ${where} cannot be reached.`;
}

function withoutPassword(text: string, password: string): string {
  return password.length < 3 ? text : text.replaceAll(password, '…');
}
