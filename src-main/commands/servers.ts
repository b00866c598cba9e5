import type { ServerResource } from '../../src-core/http/contract.ts';
import { CommandError, type CommandContext } from '../cli/command.ts';
import { table } from '../cli/table.ts';
import type { ApiClient } from '../client/api-client.ts';
import { connect } from '../client/connect.ts';

export async function servers(context: CommandContext): Promise<number> {
  const items = await list(connect(context));
  if (context.options.has('json')) {
    context.print(JSON.stringify({ items }, null, 2));
    return 0;
  }
  context.print(table(['SERVER', 'ROLE', 'TERM', 'LAG', 'VERSION', 'SEEN'], items.map(({ id, role, term, lag, version, lastSeenAt }) => [id, role, String(term), lag === null ? '-' : String(lag), version, lastSeenAt])));
  return 0;
}

/** Of the server named, else of the one that leads. */
export async function serversStepDown(context: CommandContext): Promise<number> {
  const client = connect(context);
  const id = context.words[0] ?? (await list(client)).find(({ role }) => role === 'leader')?.id;
  if (id === undefined) throw new CommandError('No server leads right now; try again in a moment.');
  await client.call('POST', `/servers/${encodeURIComponent(id)}/step-down`);
  context.print(context.options.has('json') ? JSON.stringify({ id, steppedDown: true }) : `${id} has given up the lead`);
  return 0;
}

async function list(client: ApiClient): Promise<readonly ServerResource[]> {
  return (await client.call<{ items: readonly ServerResource[] }>('GET', '/servers')).items;
}
