import { SETTING_LIST } from '../../src-core/system/index.ts';
import type { CommandContext } from '../cli/command.ts';
import { table } from '../cli/table.ts';

/** Problems are thrown as ConfigError and shown by the caller. */
export async function configCheck({ load, print, say }: CommandContext): Promise<number> {
  const { notes, file } = load();
  for (const note of notes) say(note);
  print(`The settings are good (${file.found ? file.path : `no ${file.path}`}).`);
  return 0;
}

export async function configShow({ load, options, print, say }: CommandContext): Promise<number> {
  const { sources, notes } = load();
  const withSources = options.has('sources');
  if (options.has('json')) {
    const entries = SETTING_LIST.map(({ name, key }) => {
      const { shown, kind, where } = sources[key];
      return [name, withSources ? { value: shown, source: kind, where } : shown];
    });
    print(JSON.stringify(Object.fromEntries(entries), null, 2));
    return 0;
  }
  const rows = SETTING_LIST.map(({ name, key }) => [name, JSON.stringify(sources[key].shown), ...(withSources ? [sources[key].where] : [])]);
  print(table(['NAME', 'VALUE', ...(withSources ? ['SOURCE'] : [])], rows));
  for (const note of notes) say(note);
  return 0;
}
