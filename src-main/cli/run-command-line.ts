import { readFileSync } from 'node:fs';
import { ConfigError, loadConfig, type GivenFlag, type LoadedConfig } from '../../src-core/system/index.ts';
import { CommandError, UsageError, type Command } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { commandHelp, groupHelp, programHelp } from './help.ts';
import { languageOf } from './language.ts';
import { parseCommandLine } from './parse-command-line.ts';

/** What the process gives a program; an argument, so that tests can be one. */
export interface Surroundings {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly programDir: string;
  readonly print: (line: string) => void;
  readonly say: (line: string) => void;
}

/** Reads the command line, does what it says and gives the exit code. Errors of use, settings and commands become lines; others are thrown on. */
export async function runCommandLine(around: Surroundings, commands: readonly Command[]): Promise<number> {
  const language = languageOf(around.env);
  try {
    const parsed = parseCommandLine(around.argv, commands);
    if (parsed.help !== 'none') {
      around.print(helpFor(around.argv, parsed.help === 'command' ? parsed.command : undefined, commands, language));
      return EXIT.ok;
    }
    let loaded: LoadedConfig | undefined;
    const reload = (): LoadedConfig => loadSettings(around, parsed.settings);
    const load = (): LoadedConfig => (loaded ??= reload());
    return await parsed.command.run({ words: parsed.words, options: parsed.options, language, load, reload, cwd: around.cwd, environment: around.env, programDir: around.programDir, print: around.print, say: around.say });
  } catch (error) {
    if (error instanceof UsageError) {
      around.say(`natsjob: ${error.message}`);
      around.say(language === 'zh' ? `运行 natsjob help ${error.command} 查看用法。` : `See natsjob help${error.command ? ` ${error.command}` : ''}.`);
      return EXIT.usage;
    }
    if (error instanceof ConfigError) {
      for (const problem of error.problems) around.say(problem);
      return EXIT.config;
    }
    if (error instanceof CommandError) {
      around.say(`natsjob: ${error.message}`);
      return error.exitCode;
    }
    throw error;
  }
}

/** The settings as the surroundings and the command line give them. Throws ConfigError. */
export function loadSettings({ env, cwd }: Pick<Surroundings, 'env' | 'cwd'>, flags: readonly GivenFlag[]): LoadedConfig {
  return loadConfig({ env, flags, cwd, systemTimezone: Intl.DateTimeFormat().resolvedOptions().timeZone, readFile: (path) => readFileSync(path, 'utf8') });
}

function helpFor(argv: readonly string[], command: Command | undefined, commands: readonly Command[], language: 'en' | 'zh'): string {
  if (command) return commandHelp(command, language);
  const group = argv.find((word) => commands.some(({ name }) => name.startsWith(`${word} `)));
  return group === undefined ? programHelp(commands, language) : groupHelp(group, commands, language);
}
