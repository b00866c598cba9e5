import path from 'node:path';
import { serviceWords, withoutControlCharacters, type ServiceSpec } from './service-spec.ts';

/**
 * What the helper is called with to install the service; it does the quoting for the service manager. The service closes the
 * program's standard input to stop it. Throws CommandError for text that cannot be written.
 */
export function windowsInstall(spec: ServiceSpec): readonly string[] {
  return [
    'service', 'install', '--name', spec.name, '--display', spec.name === 'natsjob' ? 'natsjob' : `natsjob (${spec.name})`,
    '--description', 'Job scheduler over NATS', '--dir', serviceFolder(spec), ...(spec.account === '' ? [] : ['--account', spec.account]),
    '--', ...serviceWords(spec).map(withoutControlCharacters), '--stop-with-stdin',
  ];
}

/** The folder that the helper closes to others and that the service works in: the one around the data. */
export function serviceFolder({ dataDir }: Pick<ServiceSpec, 'dataDir'>): string {
  return path.win32.dirname(dataDir);
}
