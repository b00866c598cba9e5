import type { FieldError } from '../../domain/errors.ts';
import { didYouMean } from '../nearest.ts';
import { parseTime } from '../times.ts';
import type { Schema, SchemaType } from './schema.ts';

/** Every violation of the schema in the value, each with the path of its field. Knows no `$ref`: requests have none. */
export function checkSchema(schema: Schema, value: unknown): readonly FieldError[] {
  const errors: FieldError[] = [];
  checkValue(schema, value, '', errors);
  return errors.slice(0, MAX_ERRORS);
}

/** An answer with more than this helps nobody. */
const MAX_ERRORS = 50;

function checkValue(schema: Schema, value: unknown, field: string, errors: FieldError[]): void {
  if (schema.anyOf && !schema.anyOf.some((form) => checkSchema(form, value).length === 0)) {
    errors.push({ field, message: `must be ${schema.description ?? 'of another form'}, not ${wordsFor(value)}` });
    return;
  }
  const types = schema.type === undefined ? [] : typeof schema.type === 'string' ? [schema.type] : schema.type;
  if (types.length > 0 && !types.some((type) => hasType(value, type))) {
    errors.push({ field, message: `must be ${types.map(typeWords).join(' or ')}, not ${wordsFor(value)}` });
    return;
  }
  if (schema.enum && !schema.enum.includes(value as string)) {
    const known = schema.enum.map(String);
    errors.push({ field, message: `must be one of ${known.join(', ')}.${typeof value === 'string' ? didYouMean(value, known) : ''}` });
    return;
  }
  if (typeof value === 'string') checkText(schema, value, field, errors);
  else if (typeof value === 'number') checkNumber(schema, value, field, errors);
  else if (Array.isArray(value)) checkList(schema, value, field, errors);
  else if (typeof value === 'object' && value !== null) checkObject(schema, value as Record<string, unknown>, field, errors);
}

function checkText(schema: Schema, value: string, field: string, errors: FieldError[]): void {
  const { minLength = 0, maxLength = Infinity } = schema;
  if (value.length < minLength) errors.push({ field, message: minLength === 1 ? 'must not be empty' : `must have at least ${minLength} characters` });
  else if (value.length > maxLength) errors.push({ field, message: `must have at most ${maxLength} characters, not ${value.length}` });
  else if (schema.format === 'date-time' && parseTime(value) === undefined) errors.push({ field, message: TIME_RULE });
  else if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) errors.push({ field, message: schema.description ?? `must match ${schema.pattern}` });
}

export const TIME_RULE = 'must be a time like 2026-03-01T08:00:00Z or 2026-03-01T08:00:00+08:00';

function checkNumber(schema: Schema, value: number, field: string, errors: FieldError[]): void {
  const { minimum = -Infinity, maximum = Infinity } = schema;
  if (value >= minimum && value <= maximum) return;
  errors.push({ field, message: maximum === Infinity ? `must be at least ${minimum}` : `must be between ${minimum} and ${maximum}` });
}

function checkList(schema: Schema, value: readonly unknown[], field: string, errors: FieldError[]): void {
  const { minItems = 0, maxItems = Infinity } = schema;
  if (value.length < minItems) errors.push({ field, message: `must have at least ${minItems} ${minItems === 1 ? 'entry' : 'entries'}` });
  if (value.length > maxItems) {
    errors.push({ field, message: `must have at most ${maxItems} entries, not ${value.length}` });
    return;
  }
  if (!schema.items) return;
  for (const [index, item] of value.entries()) {
    if (errors.length >= MAX_ERRORS) return;
    checkValue(schema.items, item, `${field}[${index}]`, errors);
  }
}

function checkObject(schema: Schema, value: Record<string, unknown>, field: string, errors: FieldError[]): void {
  const properties = schema.properties ?? {};
  for (const key of schema.required ?? []) {
    if (!Object.hasOwn(value, key)) errors.push({ field: join(field, key), message: 'is required' });
  }
  for (const [key, item] of Object.entries(value)) {
    if (errors.length >= MAX_ERRORS) return;
    if (Object.hasOwn(properties, key)) checkValue(properties[key]!, item, join(field, key), errors);
    else if (schema.additionalProperties === false) {
      errors.push({ field: join(field, shorten(key)), message: `is not known here.${didYouMean(key, Object.keys(properties))}` });
    }
  }
}

function hasType(value: unknown, type: SchemaType): boolean {
  switch (type) {
    case 'integer': return Number.isSafeInteger(value);
    case 'number': return typeof value === 'number';
    case 'array': return Array.isArray(value);
    case 'null': return value === null;
    case 'object': return typeof value === 'object' && value !== null && !Array.isArray(value);
    default: return typeof value === type;
  }
}

function typeWords(type: SchemaType): string {
  const words: Record<SchemaType, string> = { object: 'an object', array: 'a list', string: 'text', integer: 'a whole number', number: 'a number', boolean: 'true or false', null: 'null' };
  return words[type];
}

function wordsFor(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'absent';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? 'text' : 'an object';
}

function join(field: string, key: string): string {
  return field === '' ? key : `${field}.${key}`;
}

function shorten(key: string): string {
  return key.length <= 64 ? key : `${key.slice(0, 64)}…`;
}
