import type { Param } from '../remote/dialect.ts';
import type { ColumnType } from '../remote/tables.ts';

const NUL = /\0/g;
const SPECIAL = /["\\]/g;

/** PostgreSQL keeps any text but one with U+0000: in its place stands the sign for what cannot be shown. */
export function storable(value: Param): Param {
  return typeof value === 'string' && value.includes('\0') ? value.replace(NUL, '\uFFFD') : value;
}

/** An array as PostgreSQL reads it. Made here, as the driver's own way looks at each value several times. */
export function arrayText(type: ColumnType, values: readonly Param[]): string {
  if (type !== 'text' && type !== 'name') return `{${values.map((value) => value ?? 'null').join(',')}}`;
  let text = '{';
  for (let index = 0; index < values.length; index++) {
    const value = storable(values[index] as Param);
    if (index > 0) text += ',';
    text += value === null ? 'null' : `"${String(value).replace(SPECIAL, '\\$&')}"`;
  }
  return `${text}}`;
}
