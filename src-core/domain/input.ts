import type { FieldError } from './errors.ts';
import { parseIso } from './iso-time.ts';

const YEAR_10000 = 253_402_300_800_000;

/**
 * Reads fields of a JSON object that somebody sent, collecting every violation instead of stopping at the first.
 * A reader answers the default when the field is absent or null, and also when it is wrong: check `errors` before use.
 */
export class InputReader {
  readonly errors: FieldError[];
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #prefix: string;

  constructor(value: unknown, allowed: readonly string[], prefix = '', errors: FieldError[] = []) {
    this.errors = errors;
    this.#prefix = prefix;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#value = {};
      this.errors.push({ field: prefix.slice(0, -1) || '(body)', message: 'must be a JSON object' });
      return;
    }
    this.#value = value as Record<string, unknown>;
    for (const key of Object.keys(value)) {
      if (!allowed.includes(key)) this.fail(key, `is not a known field; known are ${allowed.join(', ')}`);
    }
  }

  has(field: string): boolean {
    const value = Object.hasOwn(this.#value, field) ? this.#value[field] : undefined;
    return value !== undefined && value !== null;
  }

  raw(field: string): unknown {
    return Object.hasOwn(this.#value, field) ? this.#value[field] : undefined;
  }

  fail(field: string, message: string): void {
    if (this.errors.length < 50) this.errors.push({ field: this.#prefix + field, message });
  }

  nested(field: string, allowed: readonly string[]): InputReader {
    return new InputReader(this.has(field) ? this.raw(field) : {}, allowed, `${this.#prefix}${field}.`, this.errors);
  }

  text(field: string, missing: string, maxLength: number): string {
    if (!this.has(field)) return missing;
    const value = this.raw(field);
    if (typeof value !== 'string') return this.#wrong(field, 'must be text', missing);
    if ([...value].length > maxLength) return this.#wrong(field, `must have at most ${maxLength} characters`, missing);
    if (hasUnpairedSurrogate(value) || value.includes('\0')) return this.#wrong(field, 'must be valid Unicode text without NUL', missing);
    return value;
  }

  whole(field: string, missing: number, min: number, max: number): number {
    if (!this.has(field)) return missing;
    const value = this.raw(field);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      return this.#wrong(field, `must be a whole number from ${min} to ${max}`, missing);
    }
    return value;
  }

  oneOf<T extends string>(field: string, missing: T, allowed: readonly T[]): T {
    if (!this.has(field)) return missing;
    const value = this.raw(field);
    if (typeof value !== 'string' || !(allowed as readonly string[]).includes(value)) {
      return this.#wrong(field, `must be one of ${allowed.map((word) => word || '""').join(', ')}`, missing);
    }
    return value as T;
  }

  /** ISO 8601 with an offset or Z, or null; answers epoch ms. */
  moment(field: string): number | null {
    if (!this.has(field)) return null;
    const value = this.raw(field);
    const at = typeof value === 'string' ? parseIso(value) : undefined;
    if (at === undefined) return this.#wrong(field, 'must be an ISO 8601 time with an offset, like 2027-01-31T09:00:00+08:00', null);
    if (at <= 0 || at >= YEAR_10000) return this.#wrong(field, 'must be after 1970 and before the year 10000', null);
    return at;
  }

  list(field: string, maxItems: number): readonly unknown[] {
    if (!this.has(field)) return [];
    const value = this.raw(field);
    if (!Array.isArray(value) || value.length > maxItems) return this.#wrong(field, `must be a list of at most ${maxItems}`, []);
    return value;
  }

  #wrong<T>(field: string, message: string, missing: T): T {
    this.fail(field, message);
    return missing;
  }
}

export function hasUnpairedSurrogate(text: string): boolean {
  return /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);
}
