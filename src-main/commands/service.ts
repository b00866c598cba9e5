import type { CommandContext } from '../cli/command.ts';
import { CommandError } from '../cli/command.ts';
import { findHelper } from '../service/find-helper.ts';
import { installService } from '../service/install.ts';
import { demandRights, openService } from '../service/open-service.ts';
import { runningProgram } from '../service/program-words.ts';
import { realHost, type ServiceHost } from '../service/service-host.ts';
import { demandSystemd } from '../service/systemd-manager.ts';

export type ServiceVerb = 'install' | 'uninstall' | 'start' | 'stop' | 'restart' | 'status';

/** What of the machine a service command uses; the real one unless a test gives another. */
export interface ServiceOutside {
  readonly host: ServiceHost;
  readonly program: readonly string[];
  /** natsjob-helper.exe. */
  readonly helper: string | undefined;
}

/** As systemctl has them. */
const STATUS_CODE = { running: 0, stopped: 3, missing: 4 } as const;

/** `natsjob service …`: 0 when it was done; status tells by its code. */
export async function service(context: CommandContext, verb: ServiceVerb, outside?: ServiceOutside): Promise<number> {
  try {
    return await act(context, verb, outside ?? (await realOutside(context)));
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw new CommandError(`${error.path ?? 'A file'} cannot be read or written (${error.code}).`);
  }
}

async function act(context: CommandContext, verb: ServiceVerb, { host, helper, program }: ServiceOutside): Promise<number> {
  const open = openService(context, host, helper);
  if (verb === 'status') return status(context, open);
  demandRights(open, host, verb);
  if (open.places.manager === 'systemd') await demandSystemd(host, open.scope);
  if (verb === 'install') {
    await installService({
      host, places: open.places, name: open.name, scope: open.scope, program, loaded: context.load(), managerOf: open.manager,
      force: context.options.has('force'), start: !context.options.has('no-start'), systemTimezone: Intl.DateTimeFormat().resolvedOptions().timeZone, print: context.print, say: context.say,
    });
    return 0;
  }
  const manager = open.manager();
  if (!(await manager.state()).installed) throw new CommandError(`No service is called ${open.name}${open.scope === 'user' ? ' among those of your own' : ''}: natsjob service install makes one.`, STATUS_CODE.missing);
  if (verb === 'uninstall') {
    const dataDir = open.dataDir();
    await manager.unregister();
    context.print(`Service ${open.name} is uninstalled. Its data stays in ${dataDir}, its settings and logs where they are.`);
    return 0;
  }
  await manager[verb]();
  context.print(`Service ${open.name} is ${{ start: 'started', stop: 'stopped', restart: 'started again' }[verb]}.`);
  return 0;
}

async function status({ options, print }: CommandContext, open: ReturnType<typeof openService>): Promise<number> {
  const state = await open.manager().state();
  const code = !state.installed ? STATUS_CODE.missing : state.running ? STATUS_CODE.running : STATUS_CODE.stopped;
  if (options.has('json')) {
    const { installed, running, enabled, pid, detail } = state;
    print(JSON.stringify({
      name: open.name, scope: open.scope, manager: open.places.manager, installed, running, enabled: enabled ?? null, pid: pid ?? null, detail,
      unit: open.places.unitFile || null, dataDir: installed ? open.dataDir() : null,
    }, null, 2));
    return code;
  }
  const pid = state.pid === undefined ? '' : ` (process ${state.pid})`;
  const boot = state.enabled === undefined ? '' : state.enabled ? ', starts by itself' : ', does not start by itself';
  print(state.installed ? `${open.name}: ${state.running ? 'running' : 'not running'}${pid}${boot}` : `${open.name}: not installed`);
  if (state.installed) print(`  ${state.detail}`);
  return code;
}

async function realOutside({ environment, programDir }: CommandContext): Promise<ServiceOutside> {
  const host = realHost(environment);
  return { host, program: runningProgram(), helper: await findHelper(host, programDir) };
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
