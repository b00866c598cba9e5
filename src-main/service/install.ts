import { chmodSync } from 'node:fs';
import { firstConfigText, loadConfig, type LoadedConfig } from '../../src-core/system/index.ts';
import { CommandError } from '../cli/command.ts';
import { asGiven, givenSettings } from './given-settings.ts';
import { launchdPlist } from './launchd-plist.ts';
import { mustRun, type ServiceManager } from './manager.ts';
import { judgePlacement } from './placement.ts';
import type { ServicePlaces } from './places.ts';
import { hostFiles, type HostFiles, type ServiceHost } from './service-host.ts';
import type { ServiceScope, ServiceSpec } from './service-spec.ts';
import { environmentFile, systemdUnit } from './systemd-unit.ts';
import { windowsInstall } from './windows-arguments.ts';

export interface InstallParts {
  readonly host: ServiceHost;
  readonly places: ServicePlaces;
  readonly name: string;
  readonly scope: ServiceScope;
  readonly program: readonly string[];
  readonly loaded: LoadedConfig;
  readonly managerOf: (spec: ServiceSpec) => ServiceManager;
  readonly force: boolean;
  readonly start: boolean;
  readonly systemTimezone: string;
  /** Answers, and sentences to heed. */
  readonly print: (line: string) => void;
  readonly say: (line: string) => void;
}

/** Paths join with this on the service's machine. */
const JOIN = { systemd: '/', launchd: '/', windows: '\\' } as const;

/**
 * Writes the service down, makes its folders and starts it. Nothing has been written when it rejects because something
 * stands against it: CommandError, or ConfigError for settings that the service could not use.
 */
export async function installService(parts: InstallParts): Promise<void> {
  const { host, places, print, say } = parts;
  const files = hostFiles(host);
  const { spec: planned, secrets } = describe(parts);
  const spec = { ...planned, httpPort: settingsOf(parts, planned, secrets).config.httpPort };
  const { problem, warnings } = judgePlacement(spec, places.manager, host);
  if (problem !== '') throw new CommandError(problem);
  const unit = unitOf(spec, places);
  const manager = parts.managerOf(spec);
  const before = await manager.state();
  refuseToOverwrite(parts, files, unit, before.installed);
  for (const warning of warnings) say(`natsjob: ${warning}`);

  if (places.manager === 'windows') {
    // The helper makes the folder and closes it to others; only then is it fit for secrets.
    if (before.installed) await manager.unregister();
    await manager.register();
    for (const { file, text } of secrets) files.write(file, text, 0o600);
    print(`Installed the Windows service ${spec.name}`);
    for (const folder of [spec.confDir, spec.logDir]) {
      if (folder !== places.confDir && folder !== places.logDir) print(`Note     LocalService has to get at ${folder}: icacls "${folder}" /grant "LocalService:(OI)(CI)M"`);
    }
  } else {
    await makeAccount(host, spec, places);
    for (const line of await makeFolders(host, files, spec, places)) print(line);
    for (const line of await writeSettings(host, files, spec, places, secrets)) print(line);
    files.write(places.unitFile, unit, 0o644);
    print(`Wrote    ${places.unitFile}`);
    await manager.register();
  }
  if (parts.start) await (before.running ? manager.restart() : manager.start());
  for (const line of farewell(parts, spec, manager)) print(line);
}

function describe({ name, scope, program, places, loaded }: InstallParts): { spec: ServiceSpec; secrets: readonly { file: string; text: string }[] } {
  const { config, sources } = loaded;
  const given = (key: 'dataDir' | 'confDir' | 'logDir'): string => (sources[key].kind === 'flag' || sources[key].kind === 'environment' ? config[key] : places[key]);
  const confDir = given('confDir');
  const { flags, secrets } = givenSettings(loaded, confDir, (...words) => words.join(JOIN[places.manager]));
  const spec: ServiceSpec = { name, scope, program, flags, dataDir: given('dataDir'), confDir, logDir: given('logDir'), account: places.account, httpPort: config.httpPort };
  return { spec, secrets };
}

/** The settings as the service will read them. Throws ConfigError. */
function settingsOf({ host, places, systemTimezone }: InstallParts, spec: ServiceSpec, secrets: readonly { file: string; text: string }[]): LoadedConfig {
  const files = hostFiles(host);
  const readFile = (file: string): string => {
    const text = secrets.find((secret) => secret.file === file)?.text ?? files.read(file);
    if (text === undefined) throw Object.assign(new Error(`${file} is not there`), { code: 'ENOENT' });
    return text;
  };
  const folders = [['NATSJOB_DATA_DIR', '--data', spec.dataDir], ['NATSJOB_CONF_DIR', '--conf', spec.confDir], ['NATSJOB_LOG_DIR', '--logs', spec.logDir]] as const;
  const flags = [...folders.map(([name, shown, value]) => ({ name, shown, value })), ...asGiven(spec.flags)];
  // Windows paths are made absolute by Windows only; elsewhere the working folder of the service counts.
  return loadConfig({ env: {}, flags, cwd: places.manager === 'windows' ? process.cwd() : spec.dataDir, systemTimezone, readFile });
}

/** What the manager is to be told, on Windows only to see that it can be. Throws CommandError. */
function unitOf(spec: ServiceSpec, { manager, dataDir }: ServicePlaces): string {
  if (manager === 'windows') return windowsInstall(spec, dataDir).join('\n');
  return manager === 'systemd' ? systemdUnit(spec) : launchdPlist(spec);
}

function refuseToOverwrite({ places, force, name }: InstallParts, files: HostFiles, unit: string, isInstalled: boolean): void {
  if (force) return;
  if (places.manager === 'windows') {
    if (isInstalled) throw new CommandError(`There is a service ${name} already. --force installs it anew; its data stays.`);
    return;
  }
  const there = files.read(places.unitFile);
  if (there !== undefined && there !== unit) throw new CommandError(`${places.unitFile} is there already and says something else. --force overwrites it; --name makes a second service.`);
}

async function makeAccount(host: ServiceHost, { scope, account }: ServiceSpec, { manager, dataDir }: ServicePlaces): Promise<void> {
  if (manager !== 'systemd' || scope !== 'system') return;
  // An account that is there stays as it is.
  await mustRun(host, 'systemd-sysusers', ['--inline', `u ${account} - "natsjob" ${dataDir} /usr/sbin/nologin`], ' The account can be made by other means, too: the service needs a user and a group of that name.');
}

/** Folders that are there stay whose they are: handing them over is for the person to decide. */
async function makeFolders(host: ServiceHost, files: HostFiles, spec: ServiceSpec, { manager }: ServicePlaces): Promise<string[]> {
  const notes: string[] = [];
  const owner = spec.account === '' ? undefined : manager === 'systemd' ? `${spec.account}:${spec.account}` : spec.account;
  for (const folder of [spec.dataDir, spec.logDir]) {
    // systemd makes the usual ones itself.
    if (manager === 'systemd' && spec.scope === 'system' && [`/var/lib/${spec.name}`, `/var/log/${spec.name}`].includes(folder)) continue;
    if (!files.makeFolder(folder, 0o700)) {
      if (owner !== undefined) notes.push(`Kept     ${folder}: ${spec.account} has to be able to write there (sudo chown -R ${owner} '${folder}')`);
    } else if (owner !== undefined) await mustRun(host, 'chown', [owner, files.path(folder)]);
  }
  if (files.makeFolder(spec.confDir, 0o750) && owner !== undefined) await mustRun(host, 'chown', [confOwner(spec, manager), files.path(spec.confDir)]);
  return notes;
}

/** config.yaml, where there is none, and secrets. On Linux root owns them and the service may only read. */
async function writeSettings(host: ServiceHost, files: HostFiles, spec: ServiceSpec, { manager }: ServicePlaces, secrets: readonly { file: string; text: string }[]): Promise<string[]> {
  const config = `${spec.confDir}/config.yaml`;
  const written = secrets.map(({ file, text }) => ({ file, text }));
  const kept = files.exists(config);
  if (!kept) written.push({ file: config, text: firstConfigText() });
  for (const { file, text } of written) {
    files.write(file, text, 0o600);
    if (spec.account === '') continue;
    await mustRun(host, 'chown', [confOwner(spec, manager), files.path(file)]);
    if (manager === 'systemd') chmodSync(files.path(file), 0o640);
  }
  const variables = environmentFile(spec);
  if (manager === 'systemd' && !files.exists(variables)) {
    files.write(variables, '# Variables for the service, one NAME=value a line; they beat the flags of the unit and config.yaml.\n# NATSJOB_LOGIN_PWD=\n', 0o600);
    written.push({ file: variables, text: '' });
  }
  const isOutOfReach = kept && spec.account !== '' && files.isRootsAlone(config);
  return [
    ...written.map(({ file }) => `Wrote    ${file}`),
    ...(isOutOfReach ? [`Kept     ${config}: ${spec.account} has to be able to read it (sudo chown ${confOwner(spec, manager)} '${config}' && sudo chmod 640 '${config}')`] : []),
  ];
}

function confOwner({ account }: ServiceSpec, manager: ServicePlaces['manager']): string {
  return manager === 'systemd' ? `root:${account}` : account;
}

/** What a person does next. */
function farewell({ start, scope, places, loaded, name }: InstallParts, spec: ServiceSpec, manager: ServiceManager): string[] {
  const flags = `${scope === 'user' ? ' --user' : ''}${name === 'natsjob' ? '' : ` --name ${name}`}`;
  const others = loaded.file.found && loaded.sources.confDir.kind === 'default' ? [`Note     ${loaded.file.path} is not read by the service; for that install it with --conf, --data and --logs`] : [];
  return [
    `Data     ${spec.dataDir}`, `Config   ${spec.confDir}/config.yaml`.replaceAll('/', JOIN[places.manager] === '/' ? '/' : '\\'), `Logs     ${spec.logDir}`,
    ...others,
    start ? 'State    started' : `State    not started: natsjob service start${flags}`,
    `Next     natsjob service status${flags}; messages: ${manager.logHint}`,
    ...(scope === 'user' && places.manager === 'systemd' ? ['         to let it run while you are not logged in: loginctl enable-linger'] : []),
  ];
}

