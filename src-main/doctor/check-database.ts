import { loadServers } from '../../src-core/sql/index.ts';
import { databaseName, inspectDatabase, type Config, type Log } from '../../src-core/system/index.ts';
import { fine, problem, type Finding } from './check.ts';

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };

/** A file is read through, a server is asked who it is; neither is changed. */
export async function checkDatabase(config: Config, nativeBinding: string | undefined): Promise<Finding> {
  return config.database.kind === 'sqlite' ? checkFile(config.database.file, nativeBinding) : checkServer(config);
}

async function checkFile(file: string, nativeBinding: string | undefined): Promise<Finding> {
  const look = await inspectDatabase(file, nativeBinding);
  if (!look) return fine('database', `${file} will be made`);
  if (look.fault !== '') return problem('database', `${file}: ${look.fault}`, 'stop natsjob and move the file away: what NATS still holds comes back, or restore a backup');
  return fine('database', `${file}, ${Math.ceil(look.bytes / 1024)} kB`);
}

async function checkServer({ database }: Config): Promise<Finding> {
  if (database.kind === 'sqlite') throw new Error('a file is no server');
  const { lookAtServer } = await loadServers();
  const name = databaseName(database);
  try {
    const { server, schemaVersion, wantedVersion, isUnfinished } = await lookAtServer({ database, log: SILENT }, false);
    if (isUnfinished) return problem('database', `${name}: a copy into it was begun and not finished`, 'run natsjob db copy again');
    if (schemaVersion > wantedVersion) return problem('database', `${name} is of a newer natsjob (schema ${schemaVersion}, this program knows up to ${wantedVersion})`, 'start the newer version, or restore a backup');
    const tables = schemaVersion === 0 ? 'its tables will be made' : schemaVersion < wantedVersion ? `its schema ${schemaVersion} will be brought to ${wantedVersion}` : `schema ${schemaVersion}`;
    return fine('database', `${server} at ${name}, ${tables}`);
  } catch (error) {
    return problem('database', error instanceof Error ? error.message : String(error), 'look at NATSJOB_DB_URL, the server and the firewall; runs go on without it, but a start waits for it');
  }
}
