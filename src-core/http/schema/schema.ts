/** The part of JSON Schema 2020-12 that our documents use and `checkSchema` checks. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: SchemaType | readonly SchemaType[];
  readonly description?: string;
  readonly enum?: readonly (string | number | boolean | null)[];
  readonly format?: 'date-time';
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly anyOf?: readonly Schema[];
  /** Described only: `checkSchema` leaves it to the route, which has better words. */
  readonly oneOf?: readonly Schema[];
  readonly default?: unknown;
  readonly readOnly?: boolean;
  readonly examples?: readonly unknown[];
}

/** A schema that describes values of the type; the type lives in the compiler only. */
export interface SchemaOf<T> extends Schema {
  readonly valueType?: T;
}

export type SchemaType = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean' | 'null';

/**
 * Schema of an object type of contract.ts: the compiler sees to it that no key is forgotten or made up.
 * Everything but `optional` is required; other keys are not allowed.
 */
export function objectOf<T extends object>(
  properties: { readonly [K in keyof T & string]-?: Schema },
  options: { readonly optional?: readonly (keyof T & string)[]; readonly description?: string } = {},
): SchemaOf<T> {
  const optional: readonly string[] = options.optional ?? [];
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return {
    type: 'object',
    ...(options.description === undefined ? {} : { description: options.description }),
    properties: properties as Readonly<Record<string, Schema>>,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

export function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

/** The schema, or null. */
export function orNull(schema: Schema): Schema {
  if (schema.$ref !== undefined || schema.type === undefined || typeof schema.type !== 'string') return { anyOf: [schema, { type: 'null' }] };
  return { ...schema, type: [schema.type, 'null'], ...(schema.enum === undefined ? {} : { enum: [...schema.enum, null] }) };
}

export function oneOf(values: readonly string[], description?: string): Schema {
  return { type: 'string', enum: values, ...(description === undefined ? {} : { description }) };
}

export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

export const TEXT: Schema = { type: 'string' };
export const TIME: Schema = { type: 'string', format: 'date-time' };
export const COUNT: Schema = { type: 'integer', minimum: 0 };
export const NUMBER: Schema = { type: 'number' };
export const FLAG: Schema = { type: 'boolean' };
