import { didYouMean, nearest, settingFlags, splitSettingFlags, type GivenFlag } from '../../src-core/system/index.ts';
import { UsageError, type Command, type OptionDefinition } from './command.ts';

export interface ParsedCommandLine {
  readonly command: Command;
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
  readonly settings: readonly GivenFlag[];
  /** Help was asked for: of `command` if it was named, else of everything. */
  readonly help: 'none' | 'command' | 'all';
}

const HELP = ['--help', '-h'];

/**
 * `natsjob [settings] [command [sub-command]] [words and options]`; settings may stand anywhere, options after their command.
 * Without a command it is the first of the list. Throws UsageError, with the nearest thing that exists.
 */
export function parseCommandLine(argv: readonly string[], commands: readonly Command[]): ParsedCommandLine {
  const { given, rest, missing } = splitSettingFlags(argv);
  const helpWanted = rest.some((word) => HELP.includes(word));
  const left = rest.filter((word) => !HELP.includes(word));
  const { command, named, tail } = findCommand(left, commands, helpWanted);
  if (helpWanted) return { command, words: [], options: new Map(), settings: given, help: named ? 'command' : 'all' };
  if (missing[0] !== undefined) throw new UsageError(`${missing[0]} needs a value.`, command.name);
  const { words, options } = readTail(tail, command);
  checkWordCount(words, command);
  return { command, words, options, settings: given, help: 'none' };
}

function findCommand(left: readonly string[], commands: readonly Command[], helpWanted: boolean): { command: Command; named: boolean; tail: readonly string[] } {
  const [first, second] = left;
  const fallback = commands[0];
  if (!fallback) throw new Error('no commands');
  if (first === '--version' || first === '-v') return findCommand(['version', ...left.slice(1)], commands, helpWanted);
  if (first === undefined || first.startsWith('-')) return { command: fallback, named: false, tail: left };
  const pair = commands.find((command) => command.name === `${first} ${second}`);
  if (pair) return { command: pair, named: true, tail: left.slice(2) };
  const single = commands.find((command) => command.name === first);
  if (single) return { command: single, named: true, tail: left.slice(1) };

  const group = commands.filter((command) => command.name.startsWith(`${first} `));
  if (group.length > 0) {
    const subs = group.map((command) => command.name.slice(first.length + 1));
    if (helpWanted && group[0]) return { command: group[0], named: false, tail: [] };
    if (second === undefined || second.startsWith('-')) throw new UsageError(`natsjob ${first} needs one of: ${subs.join(', ')}.`, first);
    throw new UsageError(`There is no command "${first} ${second}".${didYouMean(second, subs)} Known: ${subs.join(', ')}.`, first);
  }
  const names = [...new Set(commands.map((command) => command.name.split(' ')[0] ?? ''))];
  throw new UsageError(`There is no command "${first}".${didYouMean(first, names)}`);
}

function readTail(tail: readonly string[], command: Command): { words: string[]; options: Map<string, string> } {
  const words: string[] = [];
  const options = new Map<string, string>();
  for (let index = 0; index < tail.length; index++) {
    const word = tail[index] ?? '';
    if (word === '--') {
      words.push(...tail.slice(index + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      words.push(word);
      continue;
    }
    const at = word.indexOf('=');
    const flag = at < 0 ? word : word.slice(0, at);
    const option = command.options?.find((candidate) => candidate.flag === flag || candidate.short === flag);
    if (!option) throw unknownFlag(flag, command);
    const name = option.flag.slice(2);
    if (option.value === undefined) {
      if (at >= 0) throw new UsageError(`${flag} takes no value.`, command.name);
      options.set(name, '');
    } else {
      const value = at < 0 ? tail[++index] : word.slice(at + 1);
      if (value === undefined) throw new UsageError(`${flag} needs a value: ${option.value}.`, command.name);
      options.set(name, value);
    }
  }
  return { words, options };
}

function unknownFlag(flag: string, command: Command): UsageError {
  const own = (command.options ?? []).flatMap(({ flag: long, short }: OptionDefinition) => (short === undefined ? [long] : [long, short]));
  const meant = nearest(flag, flag.startsWith('--') ? [...own, '--help', ...settingFlags()] : own);
  return new UsageError(`natsjob ${command.name} has no flag ${flag}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`, command.name);
}

function checkWordCount(words: readonly string[], command: Command): void {
  const most = command.mostWords ?? 0;
  if (words.length < (command.leastWords ?? 0)) throw new UsageError(`natsjob ${command.name} needs ${command.words ?? 'more words'}.`, command.name);
  if (words.length > most) throw new UsageError(`natsjob ${command.name} does not know what to do with "${words[most]}".`, command.name);
}
