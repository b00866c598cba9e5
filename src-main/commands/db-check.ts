import { connectBus, probeNats } from '../../src-core/nats/index.ts';
import { loadServers, type ViewLook } from '../../src-core/sql/index.ts';
import { databaseName, redactUrl, type Config } from '../../src-core/system/index.ts';
import { CommandError, type CommandContext } from '../cli/command.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { table } from '../cli/table.ts';
import { natsLogin } from '../nats-login.ts';
import { QUIET, sqliteBinding } from './db-parts.ts';

type Checkpoints = NonNullable<ViewLook['contents']>['checkpoints'];

/** How a stream stands to what the view has of it. */
interface StreamLook {
  readonly stream: string;
  readonly readUpTo: number;
  /** Undefined while NATS does not say. */
  readonly last: number | undefined;
  readonly state: 'follows' | 'made anew' | 'behind the view' | 'gone' | 'unknown';
}

/**
 * Looks a database through without changing it, whether natsjob runs or not. Exit code 0 when all is well, 1 when something is not,
 * 69 when it cannot be reached, 78 when it is of a newer natsjob.
 */
export async function dbCheck(context: CommandContext): Promise<number> {
  const { config } = context.load();
  const name = databaseName(config.database);
  const look = await lookInto(context, config);
  if (look === undefined) throw new CommandError(`There is no file ${name} yet; natsjob makes it when it starts.`);
  if (look.schemaVersion > look.wantedVersion) throw new CommandError(`${name} is of a newer natsjob (schema ${look.schemaVersion}, this program knows up to ${look.wantedVersion}).`, EXIT.config);
  const { streams, natsProblem } = await compare(config, look.contents?.checkpoints ?? []);
  const problems = problemsOf(look, streams);
  const code = problems.length === 0 ? EXIT.ok : EXIT.runtime;
  if (context.options.has('json')) {
    context.print(JSON.stringify({ ok: code === EXIT.ok, problems, database: name, ...look, streams, ...(natsProblem === '' ? {} : { natsProblem }) }, null, 2));
    return code;
  }
  context.print(`${name}: ${look.server}, schema ${look.schemaVersion}${look.schemaVersion === look.wantedVersion ? '' : ` (this program's is ${look.wantedVersion})`}`);
  if (look.contents !== undefined) {
    const { rows, term, orphans } = look.contents;
    context.print('');
    context.print(table(['TABLE', 'ROWS'], Object.entries(rows).map(([each, count]) => [each, String(count)])));
    context.print('');
    if (natsProblem === '') context.print(table(['STREAM', 'READ UP TO', 'ENDS AT', 'STATE'], streams.map(({ stream, readUpTo, last, state }) => [stream, String(readUpTo), last === undefined ? '-' : String(last), state])));
    else context.print(`The log is not compared: ${natsProblem}`);
    context.print(`Highest term ${term}; runs without a job ${orphans.runsWithoutJob}; parts without a run ${orphans.subRunsWithoutRun}`);
  }
  for (const problem of problems) context.print(`problem: ${problem}`);
  return code;
}

async function lookInto(context: CommandContext, config: Config): Promise<ViewLook | undefined> {
  const { database } = config;
  const { lookAtFile, lookAtServer } = await loadServers();
  try {
    return database.kind === 'sqlite' ? await lookAtFile({ file: database.file, ...(await sqliteBinding(context, config)) }, true) : await lookAtServer({ database, log: QUIET }, true);
  } catch (error) {
    if (error instanceof Error && error.name === 'UnavailableError') throw new CommandError(error.message, database.kind === 'sqlite' ? EXIT.runtime : EXIT.dependencyMissing);
    throw error;
  }
}

function problemsOf(look: ViewLook, streams: readonly StreamLook[]): string[] {
  const problems: string[] = [];
  if (look.isUnfinished) problems.push('a copy into it was begun and not finished: run natsjob db copy again');
  else if (look.schemaVersion === 0) problems.push('there are no tables of natsjob: natsjob db migrate makes them, and so does a start');
  else if (look.schemaVersion < look.wantedVersion) problems.push(`its schema is older than this program's: natsjob db migrate brings it forward, and so does a start`);
  const runs = look.contents?.orphans.runsWithoutJob ?? 0;
  if (runs > 0) problems.push(`${runs} runs are of jobs whose name is not known, so no list shows them`);
  for (const { stream, state } of streams) {
    if (state === 'follows' || state === 'unknown') continue;
    problems.push(`the stream ${stream} is ${state}: at the next start the log is read from its beginning, and the rows stay`);
  }
  return problems;
}

/** Asks a NATS that is there; none is started. */
async function compare(config: Config, checkpoints: Checkpoints): Promise<{ streams: readonly StreamLook[]; natsProblem: string }> {
  const unknown = checkpoints.map(({ stream, sequence }): StreamLook => ({ stream, readUpTo: sequence, last: undefined, state: 'unknown' }));
  const url = config.natsUrl || `nats://127.0.0.1:${config.natsPort}`;
  if (config.natsUrl === '' && (await probeNats(url)) !== 'jetstream') return { streams: unknown, natsProblem: `no NATS with JetStream answers at ${url}.` };
  const bus = await connectBus({ url, name: 'natsjob db check', log: QUIET, ...natsLogin(config) });
  try {
    if (bus.state !== 'connected') return { streams: unknown, natsProblem: `${redactUrl(url)} cannot be used.` };
    const streams: StreamLook[] = [];
    for (const { stream, created, sequence } of checkpoints) {
      const info = await bus.streamInfo(stream);
      const state = info === undefined ? 'gone' : created !== '' && info.created !== created ? 'made anew' : info.lastSequence < sequence ? 'behind the view' : 'follows';
      streams.push({ stream, readUpTo: sequence, last: info?.lastSequence, state });
    }
    return { streams, natsProblem: '' };
  } catch (error) {
    return { streams: unknown, natsProblem: redactUrl(error instanceof Error ? error.message : String(error)) };
  } finally {
    await bus.close();
  }
}
