import { stringify } from 'yaml';
import type { JobResource, Page } from '../../src-core/http/contract.ts';
import type { CommandContext } from '../cli/command.ts';
import { table } from '../cli/table.ts';
import { connect } from '../client/connect.ts';
import { jobPath, numberOption } from './options.ts';

export async function jobLs(context: CommandContext): Promise<number> {
  const { options, print, say } = context;
  const query = {
    namespace: options.get('namespace'), app: options.get('app'), state: options.get('state'), category: options.get('category'), model: options.get('model'), tag: options.get('tag'), q: options.get('q'),
    cursor: options.get('cursor'), limit: numberOption(context, 'limit', 1, 200)?.toString(),
  };
  const page = await connect(context).call<Page<JobResource>>('GET', '/jobs', { query });
  if (options.has('json')) {
    print(JSON.stringify(page, null, 2));
    return 0;
  }
  print(table(['JOB', 'SCHEDULE', 'MODEL', 'STATE', 'NEXT FIRE', 'LAST RUN'], page.items.map((job) => [
    `${job.namespace}.${job.app}.${job.name}`, job.schedule.expression || '-', `${job.category} ${job.model}`, job.state, job.nextFireAt ?? '-', job.lastRun?.state ?? '-',
  ])));
  if (page.nextCursor !== null) say(`More with --cursor ${page.nextCursor}`);
  return 0;
}

export async function jobGet(context: CommandContext): Promise<number> {
  const job = await connect(context).call<JobResource>('GET', jobPath(context.words[0] ?? ''));
  context.print(context.options.has('json') ? JSON.stringify(job, null, 2) : stringify(applicable(job)).trimEnd());
  return 0;
}

/** The part of a job that a person writes. */
export function applicable(job: JobResource): Record<string, unknown> {
  const { id, version, createdAt, updatedAt, nextFireAt, scheduleWords, running, queued, lastRun, ...written } = job;
  return written;
}
