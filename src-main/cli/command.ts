import type { LoadedConfig } from '../../src-core/system/index.ts';

export type Language = 'en' | 'zh';

export interface OptionDefinition {
  /** With its dashes: --file. */
  readonly flag: string;
  readonly short?: string;
  /** Name of the value in the help; without it the option is a switch. */
  readonly value?: string;
  readonly en: string;
  readonly zh: string;
}

export interface CommandContext {
  /** What stands after the command. */
  readonly words: readonly string[];
  /** By flag without dashes; a switch that was given is ''. */
  readonly options: ReadonlyMap<string, string>;
  readonly language: Language;
  /** Reads the settings, once. Throws ConfigError. */
  readonly load: () => LoadedConfig;
  /** Reads them anew: the file may say something else by now. */
  readonly reload: () => LoadedConfig;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Folder of the running program: what ships beside it is found there. */
  readonly programDir: string;
  /** To standard output, which is for answers only; a newline is added. */
  readonly print: (line: string) => void;
  /** To standard error. */
  readonly say: (line: string) => void;
}

export interface Command {
  /** One or two words. */
  readonly name: string;
  readonly en: string;
  readonly zh: string;
  /** What follows the name, as in <job>…; none: no words are allowed. */
  readonly words?: string;
  readonly leastWords?: number;
  readonly mostWords?: number;
  readonly options?: readonly OptionDefinition[];
  readonly examples: readonly string[];
  /** Which settings its help lists. */
  readonly settings: 'all' | 'client' | 'none';
  /** Gives the exit code. Loads what it needs when it is called. */
  readonly run: (context: CommandContext) => Promise<number>;
}

/** The command line makes no sense; the message is for the person who wrote it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Command whose help helps. */
  readonly command: string;
  constructor(message: string, command = '') {
    super(message);
    this.command = command;
  }
}

/** The command was understood and could not be done; one line says why. Exit code 1 unless said otherwise. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  readonly exitCode: number;
  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
