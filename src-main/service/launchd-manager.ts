import { CommandError } from '../cli/command.ts';
import { mustRun, type ServiceManager, type ServiceState } from './manager.ts';
import type { HostFiles, ServiceHost } from './service-host.ts';
import type { ServiceScope } from './service-spec.ts';

export interface LaunchdParts {
  readonly host: ServiceHost;
  readonly files: HostFiles;
  readonly name: string;
  readonly scope: ServiceScope;
  readonly unitFile: string;
  /** What it printed is kept there. */
  readonly outputFile: string;
  /** Waits between two looks at whether it is gone. */
  readonly pause: (ms: number) => Promise<void>;
}

/** Its ExitTimeOut, and a little. */
const LONGEST_STOP_MS = 35_000;
const LOOK_MS = 250;
/** "Operation now in progress": it goes on going away. */
const IN_PROGRESS = 36;

/** Speaks to launchd by launchctl. A service that is loaded runs; stopping unloads it until the next login or start of the machine. */
export function launchdManager({ host, files, name, scope, unitFile, outputFile, pause }: LaunchdParts): ServiceManager {
  const domain = scope === 'system' ? 'system' : `gui/${host.uid}`;
  const target = `${domain}/${name}`;
  const launchctl = (...args: string[]) => mustRun(host, 'launchctl', args, ` Look at: ${outputFile}`);
  const isLoaded = async (): Promise<boolean> => (await host.run('launchctl', ['print', target])).code === 0;

  const load = async (): Promise<void> => {
    // A service that somebody disabled cannot be loaded.
    await launchctl('enable', target);
    await launchctl('bootstrap', domain, unitFile);
  };
  const unload = async (): Promise<void> => {
    const ran = await host.run('launchctl', ['bootout', target]);
    if (ran.code !== 0 && ran.code !== IN_PROGRESS && (await isLoaded())) throw new CommandError(`"launchctl bootout ${target}" failed with code ${ran.code}: ${ran.stderr.trim()}`);
    for (let waited = 0; await isLoaded(); waited += LOOK_MS) {
      if (waited >= LONGEST_STOP_MS) throw new CommandError(`${target} is still there ${LONGEST_STOP_MS / 1000} s after launchctl was told to end it.`);
      await pause(LOOK_MS);
    }
  };
  return {
    logHint: `tail "${outputFile}"`,
    // Nothing to tell before it is to run: the file is read at the next login or start of the machine.
    register: async () => {},
    async unregister() {
      if (await isLoaded()) await unload();
      files.remove(unitFile);
    },
    async start() {
      if (await isLoaded()) await launchctl('kickstart', target);
      else await load();
    },
    async stop() {
      if (await isLoaded()) await unload();
    },
    async restart() {
      if (await isLoaded()) await unload();
      await load();
    },
    async state() {
      const installed = files.exists(unitFile);
      const ran = await host.run('launchctl', ['print', target]);
      return ran.code === 0 ? readPrint(ran.stdout, installed) : { installed, running: false, enabled: undefined, pid: undefined, detail: installed ? 'not loaded' : 'not installed' };
    },
  };
}

/** Reads `launchctl print`, whose form is not promised: what is not found counts as not known. */
export function readPrint(text: string, installed: boolean): ServiceState {
  const field = (name: string): string | undefined => new RegExp(`^\\s*${name} = (.+)$`, 'm').exec(text)?.[1]?.trim();
  const state = field('state') ?? 'unknown';
  const pid = Number(field('pid'));
  const exit = field('last exit code');
  return {
    installed, running: state === 'running', enabled: undefined, pid: pid > 0 ? pid : undefined,
    detail: `${state}${exit === undefined || exit === '(never exited)' ? '' : `, last exit code ${exit}`}`,
  };
}
