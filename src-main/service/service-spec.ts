import { CommandError, UsageError } from '../cli/command.ts';

/** `user`: runs as the person who installs it; `system`: for the whole machine. */
export type ServiceScope = 'user' | 'system';

/** Everything a service manager has to be told. All paths are absolute. */
export interface ServiceSpec {
  /** Letters, digits, `_` and `-`; see serviceName. */
  readonly name: string;
  readonly scope: ServiceScope;
  /** What starts the program, word by word: the binary, or node and its script. */
  readonly program: readonly string[];
  /** Settings of `serve` besides the folders, as `--flag=value`; no secrets. */
  readonly flags: readonly string[];
  readonly dataDir: string;
  readonly confDir: string;
  readonly logDir: string;
  /** Account it runs as; '' = whatever the manager takes. */
  readonly account: string;
  /** Below 1024 it needs a right of its own. */
  readonly httpPort: number;
}

export const DEFAULT_NAME = 'natsjob';

/** Goes into names of files and folders, so nothing that means something there. Throws UsageError. */
export function serviceName(text: string | undefined): string {
  if (text === undefined) return DEFAULT_NAME;
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(text)) return text;
  throw new UsageError(`--name must be 1 to 63 letters, digits, "_" and "-", beginning with a letter or digit, not "${text}".`, 'service');
}

/** What the manager runs: program, command, folders, settings. */
export function serviceWords({ program, dataDir, confDir, logDir, flags }: Pick<ServiceSpec, 'program' | 'dataDir' | 'confDir' | 'logDir' | 'flags'>): readonly string[] {
  return [...program, 'serve', `--data=${dataDir}`, `--conf=${confDir}`, `--logs=${logDir}`, ...flags];
}

/** None of the formats can hold them in every place. Throws CommandError. */
export function withoutControlCharacters(text: string): string {
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new CommandError(`A service cannot be made of ${JSON.stringify(text)}: control characters cannot be written down for it. Choose another folder or value.`, 2);
  return text;
}
