import { existsSync } from 'node:fs';
import { loadServers, type CopiedTable, type CopySource, type CopyTarget, type Servers } from '../../src-core/sql/index.ts';
import { lockDataDir } from '../../src-core/system/index.ts';
import { CommandError, UsageError, type CommandContext } from '../cli/command.ts';
import { table } from '../cli/table.ts';
import { asCommandError } from './as-command-error.ts';
import { QUIET, sqliteBinding } from './db-parts.ts';
import { readPlace, type DatabasePlace } from './db-place.ts';

const TELL_MS = 2_000;

/** Moves everything from one database to another. Both must be out of use: files are locked, servers are looked at again at the end. */
export async function dbCopy(context: CommandContext): Promise<number> {
  const { options, print, say } = context;
  const [from, to] = [place(context, '--from'), place(context, '--to')];
  if (from.name === to.name) throw new UsageError('--from and --to are the same database.', 'db copy');
  if (from.showsPassword || to.showsPassword) say('A password on the command line can be seen by every user of this machine; put the address into a file, and give mysql:@file or postgres:@file.');
  try {
    const copied = await copy(context, from, to);
    if (options.has('json')) {
      print(JSON.stringify({ from: from.name, to: to.name, tables: copied }, null, 2));
      return 0;
    }
    print(table(['TABLE', 'ROWS THERE', 'ROWS HERE'], copied.map((each) => [each.table, String(each.from), String(each.to)])));
    print('');
    print(`${to.name} has all of ${from.name}. Start natsjob with NATSJOB_DB_TYPE=${to.database.kind} and this address; it reads on in NATS where the copy ends.`);
    return 0;
  } catch (error) {
    throw asCommandError(error);
  }
}

function place(context: CommandContext, flag: '--from' | '--to'): DatabasePlace {
  const text = context.options.get(flag.slice(2));
  if (text === undefined) throw new UsageError(`natsjob db copy needs ${flag}.`, 'db copy');
  return readPlace(flag, text, context);
}

async function copy(context: CommandContext, from: DatabasePlace, to: DatabasePlace): Promise<readonly CopiedTable[]> {
  const { config } = context.load();
  // A natsjob that works in this folder may use either of the two. The lock is SQLite's, too.
  const hasFolder = existsSync(config.dataDir);
  const binding = hasFolder || from.database.kind === 'sqlite' || to.database.kind === 'sqlite' ? await sqliteBinding(context, config) : {};
  const lock = hasFolder ? await lockDataDir(config.dataDir, binding) : undefined;
  const servers = await loadServers();
  let source: CopySource | undefined;
  let target: CopyTarget | undefined;
  try {
    source = await openSource(servers, from, binding);
    target = await openTarget(servers, to, binding);
    return await servers.copyView({ source, target, force: context.options.has('force'), progress: teller(context) });
  } catch (error) {
    if (target !== undefined && error instanceof Error && error.name === 'UnavailableError') throw new CommandError(`${error.message} Nothing uses the unfinished copy; run the same command again.`);
    throw error;
  } finally {
    await source?.close();
    await target?.close();
    lock?.release();
  }
}

function openSource({ openLocalSource, openServerSource }: Servers, { database, name }: DatabasePlace, binding: { nativeBinding?: string }): Promise<CopySource> {
  return database.kind === 'sqlite' ? openLocalSource({ file: database.file, log: QUIET, ...binding }) : openServerSource({ database, name, log: QUIET });
}

function openTarget({ openLocalTarget, openServerTarget }: Servers, { database, name }: DatabasePlace, binding: { nativeBinding?: string }): Promise<CopyTarget> {
  return database.kind === 'sqlite' ? openLocalTarget({ file: database.file, log: QUIET, ...binding }) : openServerTarget({ database, name, log: QUIET });
}

/** A line now and then, on standard error. */
function teller({ say }: CommandContext): (name: string, done: number, all: number) => void {
  let last = performance.now();
  return (name, done, all) => {
    if (performance.now() - last < TELL_MS) return;
    last = performance.now();
    say(`${name}: ${done} of ${all}`);
  };
}
