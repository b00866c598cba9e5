import type { PauseState } from '../../src-core/http/contract.ts';
import { UsageError, type CommandContext } from '../cli/command.ts';
import { connect } from '../client/connect.ts';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export async function pause(context: CommandContext): Promise<number> {
  const until = untilOption(context, Date.now());
  const state = await connect(context).call<PauseState>('PUT', '/scheduler/pause', { body: until === undefined ? {} : { until } });
  context.print(context.options.has('json') ? JSON.stringify(state) : pauseLine(state.pause));
  return 0;
}

export async function resume(context: CommandContext): Promise<number> {
  const client = connect(context);
  await client.call('DELETE', '/scheduler/pause');
  context.print(context.options.has('json') ? JSON.stringify({ pause: null } satisfies PauseState) : pauseLine(null));
  return 0;
}

/** What `pause`, `resume` and `status` say of it. */
export function pauseLine(pause: PauseState['pause']): string {
  if (pause === null) return 'not paused';
  return `paused since ${pause.since}, ${pause.until === null ? 'until natsjob resume' : `until ${pause.until}`}`;
}

/** ISO 8601, as the API takes it; undefined when nobody says until when. */
function untilOption({ options }: CommandContext, now: number): string | undefined {
  const [length, until] = [options.get('for'), options.get('until')];
  if (length !== undefined && until !== undefined) throw new UsageError('--for and --until exclude each other.', 'pause');
  if (until !== undefined) return until;
  if (length === undefined) return undefined;
  if (!/^(\d{1,6}[smhd])+$/.test(length)) throw new UsageError(`--for must be a length of time such as 90s, 15m, 1h30m or 2d, not "${length}".`, 'pause');
  const ms = [...length.matchAll(/(\d+)([smhd])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit as string]!, 0);
  const end = new Date(now + ms);
  if (Number.isNaN(end.getTime()) || end.getUTCFullYear() > 9_999) throw new UsageError('--for is too long.', 'pause');
  return end.toISOString();
}
