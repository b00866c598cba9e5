// npm run bench [-- --case NAME …] [--json] [--profile] [--quick] [--minutes N] [--program FILE]
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CASES } from './cases/index.ts';
import { jsonLine, table } from './support/output.ts';
import { runCase } from './support/run-case.ts';
import type { Figure } from './support/types.ts';

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '0.5' },
    program: { type: 'string', default: path.join(import.meta.dirname, '..', 'dist', 'headless.mjs') },
  },
});
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const unknown = values.case?.find((name) => !Object.hasOwn(CASES, name));
if (unknown !== undefined) {
  say(`bench: no case is called ${unknown}; there are ${Object.keys(CASES).join(', ')}.`);
  process.exit(2);
}

const figures: Figure[] = [];
for (const name of values.case ?? Object.keys(CASES)) {
  say(`${name} …`);
  try {
    const result = await runCase(CASES[name]!, { quick: values.quick, profile: values.profile, minutes: Number(values.minutes), program: path.resolve(values.program), note: (sentence) => say(`  ${sentence}`) });
    figures.push(...result);
    if (values.json) for (const one of result) process.stdout.write(`${jsonLine(one)}\n`);
    else say(table(result).replace(/^/gm, '  '));
  } catch (error) {
    process.exitCode = 1;
    say(`bench: ${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}
if (!values.json && figures.length > 0) process.stdout.write(`${table(figures)}\n`);
