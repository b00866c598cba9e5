import { CommandError, type CommandContext } from '../cli/command.ts';
import { launchdManager } from './launchd-manager.ts';
import { dataFolderOfPlist, outputFile } from './launchd-plist.ts';
import type { ServiceManager } from './manager.ts';
import { servicePlaces, type ServicePlaces } from './places.ts';
import { hostFiles, type ServiceHost } from './service-host.ts';
import { serviceName, type ServiceScope, type ServiceSpec } from './service-spec.ts';
import { systemdManager } from './systemd-manager.ts';
import { dataFolderOfUnit } from './systemd-unit.ts';
import { windowsManager } from './windows-manager.ts';

export interface OpenService {
  readonly name: string;
  readonly scope: ServiceScope;
  readonly places: ServicePlaces;
  /** `spec` is needed to register only. */
  manager(spec?: ServiceSpec): ServiceManager;
  /** Where the installed service has its data, as far as that can be told. */
  dataDir(): string;
}

/** The service that the options name. Throws UsageError, and CommandError where there are no services. */
export function openService({ options }: Pick<CommandContext, 'options'>, host: ServiceHost, helper: string | undefined): OpenService {
  const name = serviceName(options.get('name'));
  const scope: ServiceScope = options.has('user') ? 'user' : 'system';
  const places = servicePlaces({ platform: host.platform, scope, name, home: host.home, environment: host.environment });
  const files = hostFiles(host);
  const parts = { host, files, name, scope, unitFile: places.unitFile };
  return {
    name, scope, places,
    manager(spec) {
      if (places.manager === 'systemd') return systemdManager(parts);
      if (places.manager === 'windows') return windowsManager({ host, name, helper, usualDataDir: places.dataDir, spec });
      return launchdManager({ ...parts, outputFile: outputFile(spec ?? { name, logDir: places.logDir }), pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) });
    },
    dataDir() {
      const unit = places.unitFile === '' ? undefined : files.read(places.unitFile);
      return (unit === undefined ? undefined : places.manager === 'systemd' ? dataFolderOfUnit(unit) : dataFolderOfPlist(unit)) ?? places.dataDir;
    },
  };
}

/** Says what is missing before anything is tried. Throws CommandError. */
export function demandRights({ scope, places }: OpenService, { uid, environment }: ServiceHost, verb: string): void {
  // The helper finds out by itself.
  if (places.manager === 'windows') return;
  if (scope === 'system' && uid !== 0) throw new CommandError(`To ${verb} a service of the whole machine takes root: sudo natsjob service ${verb}. For one of your own add --user.`);
  if (scope === 'user' && uid === 0 && environment['SUDO_USER'] !== undefined) throw new CommandError(`With sudo --user means root, not ${environment['SUDO_USER']}: run it without sudo.`);
}
