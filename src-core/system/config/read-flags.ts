import { SETTING_LIST } from './settings.ts';

/** A setting given on the command line; `shown` is the flag as the person wrote it. */
export interface GivenFlag {
  readonly name: string;
  readonly shown: string;
  readonly value: string;
}

export interface SplitArguments {
  readonly given: readonly GivenFlag[];
  /** What is no setting, in order. */
  readonly rest: readonly string[];
  /** Flags whose value is missing. */
  readonly missing: readonly string[];
}

/**
 * Takes the settings out of the command line: `--NATSJOB_X=v`, `--NATSJOB_X v`, and the same with the friendly flag.
 * Everything after `--` is left as it is. Reads names only; values are judged by loadConfig.
 */
export function splitSettingFlags(argv: readonly string[]): SplitArguments {
  const byFlag = flagTable();
  const given: GivenFlag[] = [];
  const rest: string[] = [];
  const missing: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? '';
    if (word === '--') {
      rest.push(...argv.slice(index));
      break;
    }
    const [flag, inline] = splitAtEquals(word);
    const found = flag.startsWith('--') ? byFlag.get(flag.slice(2)) : undefined;
    if (!found) {
      rest.push(word);
    } else if (inline !== undefined) {
      given.push({ name: found.name, shown: flag, value: inline });
    } else if (found.isSwitch) {
      given.push({ name: found.name, shown: flag, value: 'true' });
    } else if (argv[index + 1] === undefined || argv[index + 1]?.startsWith('--')) {
      missing.push(flag);
    } else {
      given.push({ name: found.name, shown: flag, value: argv[++index] ?? '' });
    }
  }
  return { given, rest, missing };
}

/** Every flag that gives a setting, with its dashes: for suggestions. */
export function settingFlags(): readonly string[] {
  return [...flagTable().keys()].map((flag) => `--${flag}`);
}

function splitAtEquals(word: string): [string, string | undefined] {
  const at = word.indexOf('=');
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function flagTable(): Map<string, { name: string; isSwitch: boolean }> {
  const table = new Map<string, { name: string; isSwitch: boolean }>();
  for (const { name, flag, isSwitch, secret } of SETTING_LIST) {
    table.set(flag, { name, isSwitch });
    table.set(name, { name, isSwitch });
    if (!secret) continue;
    table.set(`${flag}-file`, { name: `${name}_FILE`, isSwitch: false });
    table.set(`${name}_FILE`, { name: `${name}_FILE`, isSwitch: false });
  }
  return table;
}
