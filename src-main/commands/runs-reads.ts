import type { Page, RunEventResource, RunResource, RunSummary, SubRunResource } from '../../src-core/http/contract.ts';
import type { CommandContext } from '../cli/command.ts';
import { padEnd, printable, table } from '../cli/table.ts';
import { connect } from '../client/connect.ts';
import { jobFilter, numberOption } from './options.ts';

export async function runsLs(context: CommandContext): Promise<number> {
  const { options, print, say } = context;
  const query = {
    ...jobFilter(context), state: options.get('state'), trigger: options.get('trigger'), worker: options.get('worker'), from: options.get('from'), to: options.get('to'),
    reason: options.get('reason'), monitorStatus: options.get('monitor-status'), monitorPayload: options.get('monitor-payload'), args: options.get('args'),
    minDurationMs: numberOption(context, 'min-duration-ms', 0, Number.MAX_SAFE_INTEGER)?.toString(), cursor: options.get('cursor'), limit: numberOption(context, 'limit', 1, 200)?.toString(),
  };
  const page = await connect(context).call<Page<RunResource>>('GET', '/runs', { query });
  if (options.has('json')) {
    print(JSON.stringify(page, null, 2));
    return 0;
  }
  print(table(['RUN', 'JOB', 'STATE', 'SCHEDULED', 'TOOK', 'WORKER', 'REASON'], page.items.map((run) => [
    run.taskId, `${run.namespace}.${run.app}.${run.job}`, run.state, run.scheduledAt ?? '-', run.durationMs === null ? '-' : `${run.durationMs} ms`, run.workerId || '-', run.reason,
  ])));
  if (page.nextCursor !== null) say(`More with --cursor ${page.nextCursor}`);
  return 0;
}

export async function runsGet(context: CommandContext): Promise<number> {
  const client = connect(context);
  const path = `/runs/${encodeURIComponent(context.words[0] ?? '')}`;
  const run = await client.call<RunResource>('GET', path);
  const [subRuns, events] = await Promise.all([
    client.call<Page<SubRunResource>>('GET', `${path}/sub-runs`),
    client.call<{ items: readonly RunEventResource[] }>('GET', `${path}/events`),
  ]);
  if (context.options.has('json')) {
    context.print(JSON.stringify({ ...run, events: events.items, subRuns: subRuns.items }, null, 2));
    return 0;
  }
  const width = Math.max(...Object.keys(run).map((name) => name.length)) + 2;
  for (const [name, value] of Object.entries(run)) if (value !== null && value !== '') context.print(padEnd(name, width) + printable(typeof value === 'object' ? JSON.stringify(value) : String(value)));
  for (const { at, kind, detail } of events.items) context.print(`${padEnd('event', width)}${at} ${kind} ${printable(detail)}`);
  for (const sub of subRuns.items) context.print(`${padEnd('sub-run', width)}${sub.createdAt ?? '-'} ${sub.kind} ${sub.number} ${printable([sub.sceneName, sub.workerId, sub.status, sub.reason].filter(Boolean).join(' '))}`);
  return 0;
}

/** One run in a line, as it is followed. */
export function runLine(run: RunSummary): string {
  const took = run.durationMs === null ? '' : ` ${run.durationMs} ms`;
  const at = run.endedAt ?? run.dispatchedAt ?? run.dueAt ?? run.scheduledAt ?? '-';
  return `${at} ${run.taskId} ${run.namespace}.${run.app}.${run.job} ${padEnd(run.state, 9)}${took}${run.workerId ? ` ${printable(run.workerId)}` : ''}${run.reason ? `: ${printable(run.reason)}` : ''}`;
}
