import {
  AlreadyExistsError, ConflictError, InvalidInputError, NodeFaultError, NotFoundError, NotLeadingError, RunSkippedError, StaleVersionError, UnansweredError, UnavailableError,
} from '../domain/errors.ts';
import type { FieldError } from '../domain/errors.ts';

/** An error as it crosses in the answer to a call. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

interface Kind {
  readonly type: new (...rest: never[]) => Error;
  readonly make: (message: string, fields: Readonly<Record<string, unknown>>) => Error;
  readonly fields?: readonly string[];
}

/** The message is made again where the class makes it from its fields; else it goes along. The kinds stand before what they are kinds of. */
const KINDS: Readonly<Record<string, Kind>> = {
  InvalidInputError: { type: InvalidInputError, fields: ['errors'], make: (message, { errors }) => new InvalidInputError(fieldErrors(errors) ?? [{ field: '', message }]) },
  NotFoundError: { type: NotFoundError, fields: ['kind', 'key'], make: (_message, { kind, key }) => new NotFoundError(String(kind), String(key)) },
  AlreadyExistsError: { type: AlreadyExistsError, fields: ['kind', 'key'], make: (_message, { kind, key }) => new AlreadyExistsError(String(kind), String(key)) },
  StaleVersionError: { type: StaleVersionError, fields: ['key', 'current'], make: (_message, { key, current }) => new StaleVersionError(String(key), Number(current)) },
  ConflictError: { type: ConflictError, make: (message) => new ConflictError(message) },
  RunSkippedError: { type: RunSkippedError, fields: ['reason'], make: (message, { reason }) => new RunSkippedError(String(reason), message) },
  NotLeadingError: { type: NotLeadingError, make: (message) => new NotLeadingError(message) },
  NodeFaultError: { type: NodeFaultError, make: (message) => new NodeFaultError(message) },
  UnansweredError: { type: UnansweredError, make: (message) => new UnansweredError(message) },
  UnavailableError: { type: UnavailableError, make: (message) => new UnavailableError(message) },
};

/** What is no error of the domain is a fault, and says so. */
export function packError(error: unknown): PackedError {
  for (const [name, { type, fields = [] }] of Object.entries(KINDS)) {
    if (!(error instanceof type)) continue;
    const values = error as unknown as Record<string, unknown>;
    return { name, message: error.message, fields: Object.fromEntries(fields.map((field) => [field, values[field]])) };
  }
  return { name: 'NodeFaultError', message: `The other server failed over it: ${messageOf(error)}`, fields: {} };
}

/** Never throws, whatever it is given. */
export function unpackError(packed: unknown): Error {
  const { name, message, fields } = (typeof packed === 'object' && packed !== null ? packed : {}) as Partial<Record<keyof PackedError, unknown>>;
  const kind = typeof name === 'string' && Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (kind === undefined || typeof message !== 'string') return new NodeFaultError('The other server answered with an error of a kind that is not known here.');
  return kind.make(message, (typeof fields === 'object' && fields !== null ? fields : {}) as Record<string, unknown>);
}

function fieldErrors(value: unknown): readonly FieldError[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter((each: unknown): each is FieldError => typeof (each as FieldError | null)?.field === 'string' && typeof (each as FieldError).message === 'string');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
