import { LineCounter, isAlias, isMap, isScalar, parseDocument } from 'yaml';

/** One `NAME: "value"` line. */
export interface FileEntry {
  readonly name: string;
  readonly line: number;
  /** Undefined: the line has a name and no value. */
  readonly value: string | undefined;
}

export interface FileContent {
  readonly entries: readonly FileEntry[];
  /** Sentences without the file's name: `line` says where. */
  readonly problems: readonly { line: number; message: string }[];
}

/** Beyond this it is no settings file, and parsing it would hold up the start. */
const LONGEST_FILE = 1_000_000;

/** Reads flat YAML, one setting a line. Values are taken as written: 0700 stays 0700, yes stays yes. Never throws. */
export function readConfigText(text: string): FileContent {
  if (text.length > LONGEST_FILE) return { entries: [], problems: [{ line: 1, message: 'the file is longer than 1 MB' }] };
  try {
    return readDocument(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    // Absurd nesting runs the parser out of stack.
    return { entries: [], problems: [{ line: 1, message: `is not YAML that can be read (${error instanceof Error ? error.message : 'unknown'})` }] };
  }
}

function readDocument(text: string): FileContent {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, schema: 'failsafe', uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
  const lineAt = (offset: number | undefined): number => Math.max(1, lines.linePos(offset ?? 0).line);
  // What follows the first is mostly its consequence.
  const problems = document.errors.slice(0, 1).map((error) => ({ line: lineAt(error.pos[0]), message: `is not YAML that can be read (${firstLine(error.message)})` }));
  if (problems.length > 0) return { entries: [], problems };
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === '')) return { entries: [], problems: [] };
  if (!isMap(root)) return { entries: [], problems: [{ line: lineAt(root.range?.[0]), message: 'must be lines of the form NATSJOB_…: "value"' }] };

  const entries: FileEntry[] = [];
  for (const { key, value } of root.items) {
    const line = lineAt(isNode(key) ? key.range?.[0] : undefined);
    const name = isScalar(key) ? String(key.value) : '';
    if (name === '') problems.push({ line, message: 'a name is missing before the colon' });
    else if (value === null || (isScalar(value) && isNothing(value))) entries.push({ name, line, value: undefined });
    else if (isScalar(value)) entries.push({ name, line, value: String(value.value) });
    else problems.push({ line, message: `${name} must be one plain value${isAlias(value) ? ', not a reference' : ', not a list or a group'}` });
  }
  return { entries, problems };
}

function isNothing(scalar: { value: unknown; type?: string }): boolean {
  return scalar.value === null || (scalar.type === 'PLAIN' && ['', '~', 'null'].includes(String(scalar.value)));
}

function isNode(value: unknown): value is { range?: [number, number, number] | null } {
  return typeof value === 'object' && value !== null && 'range' in value;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
