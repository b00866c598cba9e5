import { CommandError } from '../cli/command.ts';
import { failed, mustRun, type ServiceManager, type ServiceState } from './manager.ts';
import type { HostFiles, ServiceHost } from './service-host.ts';
import type { ServiceScope } from './service-spec.ts';

export interface SystemdParts {
  readonly host: ServiceHost;
  readonly files: HostFiles;
  readonly name: string;
  readonly scope: ServiceScope;
  readonly unitFile: string;
}

/** Speaks to systemd by systemctl. */
export function systemdManager({ host, files, name, scope, unitFile }: SystemdParts): ServiceManager {
  const unit = `${name}.service`;
  const whose = scope === 'user' ? ['--user'] : [];
  const logHint = `journalctl ${scope === 'user' ? '--user ' : ''}-u ${name}`;
  const systemctl = (args: readonly string[], hint = '') => mustRun(host, 'systemctl', [...whose, ...args], hint);
  const look = ` Look at: ${logHint} -n 30`;
  return {
    logHint,
    async register() {
      await systemctl(['daemon-reload']);
      await systemctl(['enable', unit]);
    },
    async unregister() {
      await systemctl(['disable', '--now', unit]);
      files.remove(unitFile);
      await systemctl(['daemon-reload']);
      // A failed state would be remembered without its unit; there may be none.
      await host.run('systemctl', [...whose, 'reset-failed', unit]);
    },
    async start() {
      await systemctl(['start', unit], look);
    },
    async stop() {
      await systemctl(['stop', unit], look);
    },
    async restart() {
      await systemctl(['restart', unit], look);
    },
    async state() {
      const args = [...whose, 'show', unit, `--property=${PROPERTIES.join(',')}`];
      const ran = await host.run('systemctl', args);
      if (ran.code !== 0) {
        if (!files.exists(unitFile)) return { installed: false, running: false, enabled: undefined, pid: undefined, detail: 'not installed' };
        throw failed('systemctl', args, ran);
      }
      return readShow(ran.stdout);
    },
  };
}

/** Rejects with CommandError where systemd is not the one that runs services. */
export async function demandSystemd(host: ServiceHost, scope: ServiceScope): Promise<void> {
  const ran = await host.run('systemctl', [...(scope === 'user' ? ['--user'] : []), 'show', '--property=Version']);
  if (ran.code === 0) return;
  if (ran.code === 127) throw new CommandError('There is no systemctl here, so systemd does not run the services of this machine. Start "natsjob serve" with what does.');
  const said = ran.stderr.trim().replace(/\s*\n\s*/g, ' ');
  throw new CommandError(`systemd does not answer: ${said}${scope === 'user' ? ' A manager of your own needs a login session (not su or sudo).' : ''}`);
}

const PROPERTIES = ['LoadState', 'ActiveState', 'SubState', 'UnitFileState', 'MainPID', 'StatusText', 'Result', 'ExecMainStatus'];

/** Reads `systemctl show`. */
export function readShow(text: string): ServiceState {
  const fields = new Map(text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  const field = (name: string): string => fields.get(name) ?? '';
  const installed = field('LoadState') !== '' && field('LoadState') !== 'not-found';
  const pid = Number(field('MainPID'));
  const result = field('Result') === '' || field('Result') === 'success' ? '' : `, ${field('Result')} (code ${field('ExecMainStatus')})`;
  return {
    installed,
    running: field('ActiveState') === 'active' || field('ActiveState') === 'reloading',
    enabled: installed ? field('UnitFileState') === 'enabled' : undefined,
    pid: pid > 0 ? pid : undefined,
    detail: installed ? `${field('ActiveState')} (${field('SubState')})${result}${field('StatusText') === '' ? '' : `: ${field('StatusText')}`}` : 'not installed',
  };
}
