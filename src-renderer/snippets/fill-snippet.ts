/** What a snippet is filled with. Names are the job's; `subject` is the one its runs are sent on. */
export interface SnippetValues {
  readonly url: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly subject: string;
  readonly workerId: string;
}

/** The value would end the text it is put into, in at least one of the languages. */
export class UnsafeSnippetValue extends Error {
  override name = 'UnsafeSnippetValue';
  readonly field: keyof SnippetValues;

  constructor(field: keyof SnippetValues) {
    super(`${field} has a quote, a backslash or a line break, and cannot stand in a program's text`);
    this.field = field;
  }
}

/** Quotes and backslashes, control characters, and what some languages take for a line break. */
const UNSAFE = /["'`\\\p{Cc}\u2028\u2029]/u;

/** Puts the values in place of `{{field}}`. Throws UnsafeSnippetValue; a field that no value has stays as it is. */
export function fillSnippet(text: string, values: SnippetValues): string {
  return text.replace(/\{\{(\w+)\}\}/g, (placeholder, name: string) => {
    if (!Object.hasOwn(values, name)) return placeholder;
    const field = name as keyof SnippetValues;
    if (UNSAFE.test(values[field])) throw new UnsafeSnippetValue(field);
    return values[field];
  });
}
