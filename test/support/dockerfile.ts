/** One instruction of a Dockerfile, with its continued lines joined. */
export interface Instruction {
  /** In capitals: FROM, COPY, … */
  readonly name: string;
  /** `--chown=10001:10001` → ['chown', '10001:10001']; also those of HEALTHCHECK. */
  readonly flags: Readonly<Record<string, string>>;
  /** What follows the flags, as written. */
  readonly text: string;
  readonly line: number;
}

/** Reads a Dockerfile without heredocs; comments and blank lines are left out. */
export function readDockerfile(text: string): Instruction[] {
  const found: Instruction[] = [];
  let open: { text: string; line: number } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    open = { text: `${open?.text ?? ''}${line.replace(/\\\s*$/, ' ')}`, line: open?.line ?? index + 1 };
    if (/\\\s*$/.test(line)) continue;
    found.push(readInstruction(open.text, open.line));
    open = undefined;
  }
  return found;
}

function readInstruction(text: string, line: number): Instruction {
  const [, name, rest] = /^\s*([A-Za-z]+)\s+(.*?)\s*$/s.exec(text) ?? [];
  if (name === undefined || rest === undefined) throw new Error(`line ${line} is no instruction: ${text}`);
  const flags: Record<string, string> = {};
  let left = rest;
  for (let match = flagAt(left); match; match = flagAt(left)) {
    flags[match[1] as string] = match[2] as string;
    left = left.slice(match[0].length);
  }
  return { name: name.toUpperCase(), flags, text: left.replace(/\s+/g, ' '), line };
}

function flagAt(text: string): RegExpExecArray | null {
  return /^--([a-z-]+)=(\S+)\s+/.exec(text);
}

/** A list in JSON, or undefined when it is in the shell's form. */
export function execForm(text: string): string[] | undefined {
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : undefined;
  } catch {
    return undefined;
  }
}

/** `A=1 B="two words"` as pairs. */
export function readPairs(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/([\w.]+)=("[^"]*"|\S*)/g)].map(([, name, value]) => [name, (value as string).replace(/^"|"$/g, '')]));
}

/** Fills in ${NAME} and $NAME; one that is not given becomes nothing. */
export function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(\w+)\}|\$(\w+)/g, (_all, braced: string | undefined, plain: string | undefined) => values[braced ?? plain ?? ''] ?? '');
}
