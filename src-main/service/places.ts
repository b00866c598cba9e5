import path from 'node:path';
import { CommandError } from '../cli/command.ts';
import type { ServiceScope } from './service-spec.ts';

/** Who speaks for services on this kind of machine. */
export type ManagerKind = 'systemd' | 'launchd' | 'windows';

export interface ServicePlaces {
  readonly manager: ManagerKind;
  /** File that tells the manager of the service; '' on Windows, where the helper keeps it. */
  readonly unitFile: string;
  readonly dataDir: string;
  readonly confDir: string;
  readonly logDir: string;
  /** Account it runs as; '' = whatever the manager takes. */
  readonly account: string;
}

export interface PlacesInput {
  readonly platform: string;
  readonly scope: ServiceScope;
  readonly name: string;
  /** Home folder of the person. */
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The account of the system service on Linux: one that keeps its files from start to start, and that a person can become to look after them. */
const SYSTEM_ACCOUNT = 'natsjob';

/** Where a service of this name has its files, unless settings say otherwise. Throws CommandError where there are no services. */
export function servicePlaces(input: PlacesInput): ServicePlaces {
  switch (input.platform) {
    case 'linux': return input.scope === 'system' ? linuxSystem(input) : linuxUser(input);
    case 'darwin': return input.scope === 'system' ? macSystem(input) : macUser(input);
    case 'win32': return windows(input);
    default: throw new CommandError(`natsjob knows no service manager of ${input.platform}; it knows systemd, launchd and that of Windows.`);
  }
}

function linuxSystem({ name }: PlacesInput): ServicePlaces {
  return { manager: 'systemd', unitFile: `/etc/systemd/system/${name}.service`, dataDir: `/var/lib/${name}`, confDir: `/etc/${name}`, logDir: `/var/log/${name}`, account: SYSTEM_ACCOUNT };
}

function linuxUser({ name, home, environment }: PlacesInput): ServicePlaces {
  // The specification of these variables says that relative paths are not to be heeded.
  const folder = (variable: string, fallback: string): string => (environment[variable]?.startsWith('/') ? environment[variable] : `${home}/${fallback}`);
  const config = folder('XDG_CONFIG_HOME', '.config');
  return {
    manager: 'systemd', unitFile: `${config}/systemd/user/${name}.service`, account: '',
    dataDir: `${folder('XDG_DATA_HOME', '.local/share')}/${name}`, confDir: `${config}/${name}`, logDir: `${folder('XDG_STATE_HOME', '.local/state')}/${name}/logs`,
  };
}

/** A daemon would run as root. It runs as the person behind sudo instead, who then owns its folders. */
function macSystem({ name, environment }: PlacesInput): ServicePlaces {
  const support = `/Library/Application Support/${name}`;
  return { manager: 'launchd', unitFile: `/Library/LaunchDaemons/${name}.plist`, dataDir: `${support}/data`, confDir: `${support}/conf`, logDir: `/Library/Logs/${name}`, account: environment['SUDO_USER'] ?? '' };
}

function macUser({ name, home }: PlacesInput): ServicePlaces {
  const support = `${home}/Library/Application Support/${name}`;
  return { manager: 'launchd', unitFile: `${home}/Library/LaunchAgents/${name}.plist`, dataDir: `${support}/data`, confDir: `${support}/conf`, logDir: `${home}/Library/Logs/${name}`, account: '' };
}

function windows({ scope, name, environment }: PlacesInput): ServicePlaces {
  if (scope === 'user') throw new CommandError('Windows has services for the whole machine only: leave out --user. A program of your own that starts with your login is what the desktop console is.', 2);
  const base = path.win32.join(environment['ProgramData'] ?? 'C:\\ProgramData', name);
  const inside = (folder: string): string => path.win32.join(base, folder);
  return { manager: 'windows', unitFile: '', dataDir: inside('data'), confDir: inside('conf'), logDir: inside('logs'), account: '' };
}
