import path from 'node:path';
import type { HttpOptions } from '../src-core/http/index.ts';
import { ConflictError, SETTING_LIST, databaseName, UnavailableError, type Clock, type LoadedConfig } from '../src-core/system/index.ts';
import type { View } from './open-view.ts';
import { openBackups } from './backups.ts';
import type { Examined } from './doctor/examine.ts';
import { passwordGivenBy } from './password-source.ts';
import type { ProgramFiles } from './program-files.ts';
import { VERSION } from './version.ts';

type Host = HttpOptions['hostApi'];
type Nats = Host['nats'];

export interface HostParts {
  readonly loaded: LoadedConfig;
  readonly clock: Clock;
  readonly nodeId: string;
  readonly files: ProgramFiles;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A person has set the password while it ran. */
  readonly isPasswordKept: () => boolean;
  /** Where this program is found, once it listens. */
  readonly url: () => string;
  /** Why the view cannot be written, '' when it can. */
  readonly databaseProblem: () => string;
}

export interface LateHost {
  readonly api: Host;
  attachNats(nats: Nats): void;
  attachStore(store: View): void;
  detach(): void;
}

/** What the program says of itself over HTTP. It answers from the first moment; what needs NATS or the database says that they are on their way. */
export function lateHost(parts: HostParts): LateHost {
  const { loaded, clock } = parts;
  const { database } = loaded.config;
  const backups = openBackups(path.join(loaded.config.dataDir, 'backups'), () => clock.now());
  let nats: Nats | undefined;
  let store: View | undefined;
  let copying = false;

  const present = <T>(part: T | undefined, name: string): T => {
    if (part === undefined) throw new UnavailableError(`${name} is not open right now: the scheduler is starting or stopping.`);
    return part;
  };
  return {
    api: {
      settings: () => settings(parts),
      async database() {
        const open = present(store, 'The database');
        const { databaseBytes, walBytes } = await open.size();
        return {
          kind: database.kind, path: databaseName(database), server: '', canBackUp: 'copyTo' in open, bytes: databaseBytes, walBytes, ...(await open.facts()),
          retentionMs: loaded.config.jobResultExpireHours * 3_600_000, backups: 'copyTo' in open ? backups.list() : [],
        };
      },
      async backUp() {
        const open = present(store, 'The database');
        if (!('copyTo' in open)) throw new ConflictError('The database is on a server: back it up there, with the server\'s own tools.');
        if (copying) throw new ConflictError('A backup is being made already.');
        copying = true;
        try {
          return await backups.make((file) => open.copyTo(file));
        } catch (error) {
          throw isFileError(error) ? new UnavailableError(`The backup could not be written (${error.code}): look at the disk of the data folder.`, { cause: error }) : error;
        } finally {
          copying = false;
        }
      },
      diagnostics: () => diagnostics(parts),
      nats: {
        roundTripMs: async () => present(nats, 'NATS').roundTripMs(),
        publish: async (message) => present(nats, 'NATS').publish(message),
        bucketSize: async (bucket) => present(nats, 'NATS').bucketSize(bucket),
        bucketEntries: async (bucket, query) => present(nats, 'NATS').bucketEntries(bucket, query),
        watch: (subject, onMessage) => present(nats, 'NATS').watch(subject, onMessage),
      },
    },
    attachNats(open) {
      nats = open;
    },
    attachStore(open) {
      store = open;
    },
    detach() {
      nats = undefined;
      store = undefined;
    },
  };
}

function settings({ loaded, nodeId, isPasswordKept }: HostParts): ReturnType<Host['settings']> {
  const { config, sources } = loaded;
  // What is made up when a setting leaves it open.
  const inForce: Partial<Record<string, string>> = { nodeId, ...(config.database.kind === 'sqlite' ? { dbUrl: config.database.file } : {}) };
  return SETTING_LIST.map(({ key, name, secret, en, zh }) => {
    const { shown, where } = sources[key];
    const source = key === 'loginPwd' && passwordGivenBy(loaded) === undefined && isPasswordKept() ? 'login.json in the data folder' : where;
    return { name, value: inForce[key] ?? (secret === false ? String(config[key]) : shown), source, secret: secret !== false, description: en, descriptionZh: zh };
  });
}

async function diagnostics({ loaded, clock, files, environment, url, databaseProblem }: HostParts): ReturnType<Host['diagnostics']> {
  const { examine } = await import('./doctor/examine.ts');
  const { fine, problem } = await import('./doctor/check.ts');
  const database: Examined['database'] = () => {
    const why = databaseProblem();
    const { database: found } = loaded.config;
    const name = databaseName(found);
    return why === '' ? fine('database', `${name} takes writes`) : problem('database', `${name} takes no writes: ${why}`, found.kind === 'sqlite' ? 'make room or repair it' : 'see what the server says; runs go on meanwhile');
  };
  const findings = await examine({ loaded, running: { pid: process.pid, url: url() }, files, environment, database });
  return {
    at: clock.now(), version: VERSION, node: process.versions.node, platform: `${process.platform} ${process.arch}`,
    checks: findings.map(({ name, ok, detail, todo, isNote }) => ({ name, state: !ok ? 'problem' : isNote ? 'warning' : 'ok', detail: todo === '' ? detail : `${detail}. What to do: ${todo}` })),
  };
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
