import { CommandError } from '../cli/command.ts';
import { failed, type ServiceManager, type ServiceState } from './manager.ts';
import type { Ran, ServiceHost } from './service-host.ts';
import type { ServiceSpec } from './service-spec.ts';
import { windowsInstall } from './windows-arguments.ts';

export interface WindowsParts {
  readonly host: ServiceHost;
  readonly name: string;
  /** natsjob-helper.exe; undefined when it does not come with this program. */
  readonly helper: string | undefined;
  readonly usualDataDir: string;
  /** Needed to register only. */
  readonly spec: ServiceSpec | undefined;
}

/** The helper's exit codes. */
const HELPER = { noSuchService: 3, notPermitted: 4 } as const;

/** Speaks to the service manager of Windows by the helper. */
export function windowsManager({ host, name, helper, usualDataDir, spec }: WindowsParts): ServiceManager {
  const run = async (words: readonly string[]): Promise<Ran> => {
    if (helper === undefined) throw new CommandError('Services of Windows need natsjob-helper.exe, which comes inside the natsjob binary and not with this program.');
    return host.run(helper, words);
  };
  const mustDo = async (words: readonly string[]): Promise<void> => {
    const ran = await run(words);
    if (ran.code === HELPER.notPermitted) throw new CommandError('Windows allows this to administrators only: run it in a terminal that was opened with "Run as administrator".');
    if (ran.code === HELPER.noSuchService) throw new CommandError(`No service is called ${name}: natsjob service install makes one.`);
    if (ran.code !== 0) throw failed(helper ?? '', words, ran);
  };
  const tell = (verb: string) => mustDo(['service', verb, '--name', name]);
  return {
    logHint: `Event Viewer, Windows Logs, Application, source ${name}`,
    async register() {
      if (spec) await mustDo(windowsInstall(spec, usualDataDir));
    },
    unregister: () => tell('uninstall'),
    start: () => tell('start'),
    stop: () => tell('stop'),
    async restart() {
      await tell('stop');
      await tell('start');
    },
    async state() {
      const words = ['service', 'status', '--name', name];
      const ran = await run(words);
      if (ran.code !== 0 && ran.code !== HELPER.noSuchService) throw failed(helper ?? '', words, ran);
      return readHelperStatus(ran.stdout);
    },
  };
}

/** Reads the line of JSON. Throws CommandError when it is none. */
export function readHelperStatus(text: string): ServiceState {
  let told: Partial<Record<'installed' | 'state' | 'pid' | 'exitCode' | 'start', unknown>>;
  try {
    told = JSON.parse(text) as typeof told;
  } catch {
    throw new CommandError(`natsjob-helper.exe did not answer with JSON but with "${text.slice(0, 200)}".`);
  }
  const installed = told.installed === true;
  const code = typeof told.exitCode === 'number' && told.exitCode !== 0 ? `, last exit code ${told.exitCode}` : '';
  return {
    installed, running: told.state === 'running', enabled: installed ? told.start === 'automatic' : undefined,
    pid: typeof told.pid === 'number' && told.pid > 0 ? told.pid : undefined, detail: installed ? `${String(told.state)}${code}` : 'not installed',
  };
}
