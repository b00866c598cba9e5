import type { OverviewResource, ReadyResource, ServerResource } from '../../src-core/http/contract.ts';
import type { CommandContext } from '../cli/command.ts';
import { table } from '../cli/table.ts';
import { connect } from '../client/connect.ts';
import { pauseLine } from './pause.ts';

const READY_TIMEOUT_MS = 5_000;

/** Exit code 0 when the scheduler is ready, 1 when it answers and is not. */
export async function status(context: CommandContext): Promise<number> {
  const client = connect(context);
  const [ready, servers, overview] = await Promise.all([
    client.page('/readyz', READY_TIMEOUT_MS).then(({ text }) => JSON.parse(text) as ReadyResource),
    client.call<{ items: readonly ServerResource[] }>('GET', '/servers'),
    client.call<OverviewResource>('GET', '/overview'),
  ]);
  const code = ready.status === 'ready' ? 0 : 1;
  if (context.options.has('json')) {
    context.print(JSON.stringify({ url: client.url, ready, servers: servers.items, overview }, null, 2));
    return code;
  }
  const { ended, pause } = overview;
  context.print(`${client.url}: ${ready.status}`);
  for (const problem of ready.problems ?? []) context.print(`  ${problem}`);
  if (pause !== null) context.print(pauseLine(pause));
  context.print(`jobs ${overview.jobs} (${overview.jobsEnabled} enabled), running ${overview.running}, queued ${overview.queued}, live workers ${overview.workersLive}, due within the hour ${overview.dueNextHour}`);
  context.print(`last 24 h: completed ${ended.completed}, failed ${ended.failed}, expired ${ended.expired}, cancelled ${ended.cancelled}, skipped ${overview.skipped}`);
  context.print('');
  context.print(table(['NODE', 'ROLE', 'TERM', 'VERSION', 'NATS', 'RTT', 'LAG', 'DATABASE'], servers.items.map((server) => [
    server.id, server.role, String(server.term), server.version, `${server.natsUrl}${server.natsConnected ? '' : ' (away)'}`,
    server.natsRoundTripMs === null ? '-' : `${server.natsRoundTripMs.toFixed(1)} ms`, server.lag === null ? '-' : String(server.lag), `${Math.round(server.databaseBytes / 1024)} kB`,
  ])));
  return code;
}
