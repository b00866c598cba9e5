import path from 'node:path';
import { CommandError } from '../cli/command.ts';
import { serviceWords, withoutControlCharacters, type ServiceSpec } from './service-spec.ts';

/**
 * What the helper is called with to install the service; it does the quoting for the service manager. The service closes the
 * program's standard input to stop it. Throws CommandError for text that cannot be written.
 */
export function windowsInstall(spec: ServiceSpec, usualDataDir: string): readonly string[] {
  return [
    'service', 'install', '--name', spec.name, '--display', spec.name === 'natsjob' ? 'natsjob' : `natsjob (${spec.name})`,
    '--description', 'Job scheduler over NATS', '--dir', serviceFolder(spec.dataDir, usualDataDir), ...(spec.account === '' ? [] : ['--account', spec.account]),
    '--', ...serviceWords(spec).map(withoutControlCharacters), '--stop-with-stdin',
  ];
}

/**
 * The folder that the helper takes for its own and closes to all but administrators and the service: the one around the usual
 * data, conf and logs, but never one around folders that a person chose. Throws CommandError.
 */
export function serviceFolder(dataDir: string, usualDataDir: string): string {
  if (dataDir.toLowerCase() === usualDataDir.toLowerCase()) return path.win32.dirname(dataDir);
  if (path.win32.dirname(dataDir) === dataDir) throw new CommandError(`The data of a service is closed to others, which a whole drive cannot be: choose a folder of ${dataDir} with --data.`, 2);
  return dataDir;
}
