import type { FieldError } from '../../domain/errors.ts';
import { isValidName, NAME_RULE } from '../../domain/names.ts';
import { decodeCursor } from '../cursor.ts';
import type { ListName } from '../cursor.ts';
import { didYouMean } from '../nearest.ts';
import { invalidInput } from '../problem.ts';
import { TIME_RULE } from '../schema/check-schema.ts';
import { NAME } from '../schema/request-schemas.ts';
import type { Schema } from '../schema/schema.ts';
import { parseTime } from '../times.ts';

/** A parameter of a path or a query: how it is documented, and how it is read. */
export interface Field<T> {
  readonly schema: Schema;
  /** Absent = what an absent parameter means. */
  readonly fallback?: T;
  /** May be given more than once. */
  readonly many?: boolean;
  /** Given and empty is as good as not given: an emptied filter box. */
  readonly emptyIsAbsent?: boolean;
  /** Throws BadField, or a problem of its own. */
  read(text: string): T;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

/** `undefined` only where the field has no fallback. */
export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends { readonly fallback: infer D; read(text: string): infer T } ? T | D : F[K] extends Field<infer T> ? T | undefined : never };
/** Of a path all are there. */
export type Required<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

export class BadField extends Error {}

export function name(): Field<string> {
  return {
    schema: NAME,
    read: (text) => {
      if (!isValidName(text)) throw new BadField(`must be ${NAME_RULE}`);
      return text;
    },
  };
}

/** `namespace.app.name`, or the opaque id. */
export function jobId(): Field<string> {
  return {
    schema: { type: 'string', description: '`namespace.app.name`, or the id of the job', pattern: '^([0-9]{1,7}|[A-Za-z0-9_-]{1,64}(\\.[A-Za-z0-9_-]{1,64}){2})$' },
    read: (text) => {
      const parts = text.split('.');
      if (/^[0-9]{1,7}$/.test(text) || (parts.length === 3 && parts.every(isValidName))) return text;
      throw new BadField('must be namespace.app.name or the id of a job');
    },
  };
}

/** Ids of jobs between commas, or as repeated parameters. */
export function jobIds(most: number): Field<readonly string[]> & { readonly fallback: readonly string[] } {
  const one = jobId();
  return {
    schema: { type: 'array', items: one.schema, maxItems: most, default: [], description: 'Several: between commas, or repeated' },
    many: true,
    fallback: [],
    read: (value) => {
      const ids = [...new Set(value.split(',').map((part) => one.read(part)))];
      if (ids.length > most) throw new BadField(`must be at most ${most} ids, not ${ids.length}`);
      return ids;
    },
  };
}

export function taskId(): Field<string> {
  return {
    schema: { type: 'string', pattern: '^[0-9]{1,19}$' },
    read: (text) => {
      if (/^[0-9]{1,19}$/.test(text) && BigInt(text) < 2n ** 63n) return BigInt(text).toString();
      throw new BadField('must be a taskId: digits, below 2^63');
    },
  };
}

export function text(maxLength: number, description?: string): Field<string> {
  return {
    schema: { type: 'string', maxLength, ...(description === undefined ? {} : { description }) },
    emptyIsAbsent: true,
    read: (value) => {
      if (value.length > maxLength) throw new BadField(`must have at most ${maxLength} characters`);
      return value;
    },
  };
}

export function serverId(): Field<string> {
  return {
    schema: { type: 'string', minLength: 1, maxLength: 128 },
    read: (value) => {
      if (value.length === 0 || value.length > 128) throw new BadField('must have 1 to 128 characters');
      return value;
    },
  };
}

export function choice<T extends string>(values: readonly T[]): Field<T> {
  return {
    schema: { type: 'string', enum: values },
    read: (value) => {
      if ((values as readonly string[]).includes(value)) return value as T;
      throw new BadField(`must be one of ${values.join(', ')}.${didYouMean(value, values)}`);
    },
  };
}

/** Several values, between commas or as repeated parameters. */
export function choices<T extends string>(values: readonly T[]): Field<readonly T[]> {
  const one = choice(values);
  return {
    schema: { type: 'array', items: { type: 'string', enum: values }, description: 'Several: between commas, or repeated' },
    many: true,
    read: (value) => [...new Set(value.split(',').map((part) => one.read(part)))],
  };
}

export function time(description?: string): Field<number> {
  return {
    schema: { type: 'string', format: 'date-time', ...(description === undefined ? {} : { description }) },
    read: (value) => {
      const at = parseTime(value);
      if (at === undefined) throw new BadField(TIME_RULE);
      return at;
    },
  };
}

export function integer(minimum: number, maximum: number, fallback: number): Field<number> & { readonly fallback: number } {
  return {
    schema: { type: 'integer', minimum, maximum, default: fallback },
    fallback,
    read: (value) => {
      const number = /^-?\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
      if (!(number >= minimum && number <= maximum)) throw new BadField(`must be a whole number between ${minimum} and ${maximum}`);
      return number;
    },
  };
}

/** A whole number that may be absent. */
export function whole(minimum: number, maximum: number, description: string): Field<number> {
  const { fallback: _fallback, ...field } = integer(minimum, maximum, minimum);
  return { ...field, schema: { type: 'integer', minimum, maximum, description } };
}

/** Reads the `cursor` parameter of the named list. */
export function cursor(list: ListName): Field<string> {
  return { schema: { type: 'string', description: 'nextCursor of the page before' }, read: (value) => decodeCursor(list, value) };
}

export function pageFields(list: ListName): { limit: Field<number> & { readonly fallback: number }; cursor: Field<string> } {
  return { limit: integer(1, 200, 50), cursor: cursor(list) };
}

/** All parameters at once; throws one problem that names every wrong and every unknown one. */
export function readFields(fields: Fields, given: ReadonlyMap<string, readonly string[]>): Record<string, unknown> {
  const errors: FieldError[] = [];
  const values: Record<string, unknown> = {};
  for (const key of given.keys()) {
    if (!Object.hasOwn(fields, key)) errors.push({ field: key.slice(0, 64), message: `is not a parameter here.${didYouMean(key, Object.keys(fields))}` });
  }
  for (const [key, field] of Object.entries(fields)) {
    const texts = given.get(key);
    if (texts === undefined || (field.emptyIsAbsent && texts.every((value) => value === ''))) {
      if (field.fallback !== undefined) values[key] = field.fallback;
      continue;
    }
    try {
      values[key] = readOne(field, texts);
    } catch (error) {
      if (!(error instanceof BadField)) throw error;
      errors.push({ field: key, message: error.message });
    }
  }
  if (errors.length > 0) throw invalidInput(errors.slice(0, 50));
  return values;
}

function readOne(field: Field<unknown>, texts: readonly string[]): unknown {
  if (texts.length > 1 && !field.many) throw new BadField('is given more than once');
  const joined = texts.join(',');
  if (joined === '' && field.schema.type !== 'string') throw new BadField('must not be empty');
  return field.read(joined);
}
