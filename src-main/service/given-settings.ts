import path from 'node:path';
import { SETTING_LIST, type GivenFlag, type LoadedConfig, type Setting } from '../../src-core/system/index.ts';

/** The settings that the service is to have because its installer was given them. */
export interface GivenSettings {
  /** Of `serve`, as `--flag=value`: what everybody on the machine may read. */
  readonly flags: readonly string[];
  /** Files for what nobody else may read, beside config.yaml; the flags name them. */
  readonly secrets: readonly { readonly file: string; readonly text: string }[];
}

/** Stand in the service by themselves. */
const FOLDERS: readonly string[] = ['dataDir', 'confDir', 'logDir'];

/**
 * What environment and command line say, for a service that has neither. Values are those in force, so paths are absolute.
 * What only stands in config.yaml is left there.
 */
export function givenSettings({ config, sources }: LoadedConfig, confDir: string, join: (...parts: string[]) => string = path.join): GivenSettings {
  const flags: string[] = [];
  const secrets: { file: string; text: string }[] = [];
  for (const setting of SETTING_LIST) {
    const { kind } = sources[setting.key];
    if (FOLDERS.includes(setting.key) || (kind !== 'flag' && kind !== 'environment')) continue;
    const text = String(config[setting.key]);
    if (isSecret(setting, text)) {
      const file = join(confDir, `${setting.flag}.secret`);
      secrets.push({ file, text });
      flags.push(`--${setting.flag}-file=${file}`);
    } else {
      flags.push(`--${setting.flag}=${text}`);
    }
  }
  return { flags, secrets };
}

/** The flags as the command line would give them. */
export function asGiven(flags: readonly string[]): readonly GivenFlag[] {
  return flags.map((flag) => {
    const [shown = '', value = ''] = [flag.slice(0, flag.indexOf('=')), flag.slice(flag.indexOf('=') + 1)];
    const setting = SETTING_LIST.find(({ flag: known }) => shown === `--${known}` || shown === `--${known}-file`);
    return { name: `${setting?.name ?? ''}${shown === `--${setting?.flag}` ? '' : '_FILE'}`, shown, value };
  });
}

/** An address without user, password or token is none. */
function isSecret({ secret }: Setting, text: string): boolean {
  if (secret === 'whole') return text !== '';
  if (secret === 'database') return text.includes('@') || /\bpassword\s*=/i.test(text);
  return secret === 'url' && text.includes('@');
}
