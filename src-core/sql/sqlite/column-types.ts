import { customType } from 'drizzle-orm/sqlite-core';
import type { Codes } from './codes.ts';

/** A 63-bit id. Bound as a bigint; select it as text (`idText` in run-row.ts), a JavaScript number would lose digits. */
export const bigId = customType<{ data: string; driverData: bigint }>({
  dataType: () => 'integer',
  toDriver: (text) => BigInt(text),
});

/** A word kept as its code. */
export function coded<Word extends string>(name: string, codes: Codes<Word>) {
  return customType<{ data: Word; driverData: number }>({
    dataType: () => 'integer',
    toDriver: (word) => codes.toCode[word],
    fromDriver: (code) => codes.toWord(code),
  })(name);
}
