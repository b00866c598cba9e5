import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BUILT = fileURLToPath(new URL('../../dist/headless.mjs', import.meta.url));
/** A packed program to test instead of the built one; set by `npm run test:package`. */
const PACKED = process.env['NATSJOB_TEST_PROGRAM'] ?? '';

export const isPackedTested = PACKED !== '';
/** In the command line of every process of the program under test. */
export const testedProgram = isPackedTested ? PACKED : BUILT;

export interface StartCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/** How to start the program under test. */
export function testedCommand(...args: string[]): StartCommand {
  return isPackedTested ? { command: PACKED, args } : { command: process.execPath, args: ['--enable-source-maps', BUILT, ...args] };
}

/** What it inherits: the built one all but settings and language, the packed one nothing, as on a machine with nothing installed. */
export function testedEnvironment(): Record<string, string> {
  if (isPackedTested) return {};
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('NATSJOB_') && !name.startsWith('LC_') && name !== 'LANG');
  return Object.fromEntries(inherited) as Record<string, string>;
}

/** Throws when there is nothing to start. */
export function requireTestedProgram(): void {
  if (!existsSync(testedProgram)) throw new Error(isPackedTested ? `NATSJOB_TEST_PROGRAM names ${PACKED}, which is not there` : 'dist/headless.mjs is missing: `npm test` builds it before these tests');
}
