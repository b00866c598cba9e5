import { BadOptionError } from '../errors.ts';

/** All names of the options, so that the compiler tells of one that is missing here. */
export type OptionNames<Options> = { readonly [Name in keyof Required<Options>]: true };

/** Throws BadOptionError for what is no object, and for an option that there is not. */
export function checkKnown<Options extends object>(of: string, options: Options, names: OptionNames<Options>): void {
  if (typeof options !== 'object' || options === null) throw new BadOptionError(`options of ${of}`, 'an object', options);
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(names, name)) throw new BadOptionError(name, `one of the options of ${of}: ${Object.keys(names).join(', ')}`);
  }
}

/** Throws BadOptionError. A console serves, too. */
export function checkLog(log: unknown): void {
  if (log === undefined) return;
  const given = (typeof log === 'object' || typeof log === 'function') && log !== null ? log as Record<string, unknown> : {};
  if (['debug', 'info', 'warn', 'error'].some((level) => typeof given[level] !== 'function')) throw new BadOptionError('log', 'a log with debug(), info(), warn() and error(), as console is', log);
}
