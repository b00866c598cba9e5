import type { CommandContext } from '../cli/command.ts';
import { connect } from '../client/connect.ts';

const TIMEOUT_MS = 3_000;

export async function healthcheck(context: CommandContext): Promise<number> {
  const { status, text } = await connect(context).page(context.options.has('ready') ? '/readyz' : '/healthz', TIMEOUT_MS);
  if (status === 200) return 0;
  context.say(`natsjob: status ${status}: ${text.slice(0, 500)}`);
  return 1;
}
