import type { RunResource } from '../../src-core/http/contract.ts';
import type { CommandContext } from '../cli/command.ts';
import { each } from './job-writes.ts';

export async function runsCancel(context: CommandContext): Promise<number> {
  return each(context, async (client, id) => {
    const run = await client.call<RunResource>('POST', `/runs/${encodeURIComponent(id)}/cancel`);
    return `${id} ${run.state}`;
  });
}
