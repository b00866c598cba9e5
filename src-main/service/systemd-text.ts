import { CommandError } from '../cli/command.ts';
import { withoutControlCharacters } from './service-spec.ts';

/** For directives that take the rest of the line as it is: only specifiers have to be kept from being one. */
export function unitText(text: string): string {
  return withoutControlCharacters(text).replaceAll('%', '%%');
}

/** One word of a directive that takes several. */
export function unitWord(text: string): string {
  const safe = unitText(text);
  return /^[\w/.,:@+=%-]+$/.test(safe) ? safe : `"${safe.replace(/[\\"]/g, '\\$&')}"`;
}

/**
 * A command line. Variables are not put into the name of the program, so a `$` stays there what it is; in the words after it `$$` means one.
 * Throws CommandError for a program that systemd does not start.
 */
export function unitCommand([program = '', ...words]: readonly string[]): string {
  if (/["'\\]/.test(program)) throw new CommandError(`systemd starts no program with a quote or a backslash in its path: ${program}. Put it somewhere else.`);
  return [unitWord(program), ...words.map((word) => unitWord(word.replaceAll('$', '$$$$')))].join(' ');
}
