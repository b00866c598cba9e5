import { sql } from 'drizzle-orm';
import type { AppDefinition, JobDefinition, NamespaceDefinition, RunRecord, StoredJob, WorkerRecord } from '../../../domain/index.ts';
import type { Checkpoint, SubRunPage, SubRunQuery } from '../../../ports/index.ts';
import { compareIds, idToInteger, isStorableId } from '../../run-id.ts';
import { readSubRunPlace, subRunPage } from '../../sqlite/sub-run-row.ts';
import { jobSlices } from './job-slices.ts';
import type { Ask } from './ask.ts';
import { runFields, RUNS, SUB_RUN_FIELDS, toRun, toSubRun } from './fields.ts';
import { and } from './run-filters.ts';

export async function readRun(ask: Ask, id: string): Promise<RunRecord | undefined> {
  if (!isStorableId(id)) return undefined;
  const [row] = await ask.rows(sql`select ${runFields(ask.dialect)} from ${RUNS} where r.id = ${idToInteger(id)}`);
  return row === undefined ? undefined : toRun(row);
}

/** By the two indexes over what is open. */
export async function readOpenRuns(ask: Ask): Promise<readonly RunRecord[]> {
  const select = sql`select ${runFields(ask.dialect)} from ${RUNS} where `;
  const [notEnded = [], flagged = []] = await ask.all([sql`${select}r.state <> 3 and r.state < 3`, sql`${select}r.flags <> 0 and r.state >= 3`]);
  return [...notEnded, ...flagged].map(toRun).sort((a, b) => compareIds(a.id, b.id));
}

export async function readEdgeId(ask: Ask, edge: 'highest' | 'lowest'): Promise<string | undefined> {
  const id = await ask.value(sql`select ${ask.dialect.exact(sql.raw('r.id'))} from natsjob_run r order by r.id${sql.raw(edge === 'highest' ? ' desc' : '')} limit 1`);
  return id === null || id === undefined ? undefined : String(id);
}

export async function hasRunsOf(ask: Ask, jobNumber: number): Promise<boolean> {
  return (await ask.rows(sql`select r.state from natsjob_run r where r.job_number = ${jobNumber} limit 1`)).length > 0;
}

export async function readCheckpoints(ask: Ask): Promise<readonly Checkpoint[]> {
  const rows = await ask.rows(sql`select stream, created, sequence_no from natsjob_checkpoint order by stream`);
  return rows.map(([stream, created, sequence]) => ({ stream: String(stream), created: String(created), sequence: Number(sequence) }));
}

export async function readWorkers(ask: Ask): Promise<readonly WorkerRecord[]> {
  const rows = await ask.rows(sql`
    select namespace, app, id, ip, remark, weight, group_name, machine_cpu_usage, machine_memory_usage, process_cpu_usage, process_memory_rss, first_seen_at, last_seen_at
    from natsjob_worker order by namespace, app, id`);
  return rows.map((row) => {
    const [namespace = '', app = '', id = '', ip = '', comment = '', , group = '', machineCpuUsage = '', machineMemoryUsage = '', processCpuUsage = '', processMemoryRss = ''] = row.map((value) => String(value ?? ''));
    return {
      namespace, app, id, ip, comment, weight: Number(row[5]), group, machineCpuUsage, machineMemoryUsage, processCpuUsage, processMemoryRss,
      firstSeenAt: Number(row[11]), lastSeenAt: Number(row[12]),
    };
  });
}

/** Jobs in slices: a definition may be long, and there may be 100,000 of them. */
export async function readDefinitions(ask: Ask): Promise<{ namespaces: (NamespaceDefinition & { version: number })[]; apps: (AppDefinition & { version: number })[]; jobs: StoredJob[] }> {
  const [namespaces = [], apps = []] = await ask.all([
    sql`select definition, version_no from natsjob_namespace order by name`, sql`select definition, version_no from natsjob_app order by namespace, name`,
  ]);
  const jobs: StoredJob[] = [];
  for await (const [definition, version] of jobSlices(ask)) jobs.push({ definition: JSON.parse(definition) as JobDefinition, version });
  return {
    namespaces: namespaces.map(([definition, version]) => ({ ...JSON.parse(String(definition)) as NamespaceDefinition, version: Number(version) })),
    apps: apps.map(([definition, version]) => ({ ...JSON.parse(String(definition)) as AppDefinition, version: Number(version) })),
    jobs,
  };
}

/** Sub-runs of one run, newest first. A run has so many that one statement can look at them all. */
export async function readSubRuns(ask: Ask, runId: string, query: SubRunQuery): Promise<SubRunPage> {
  if (!isStorableId(runId)) return { items: [], nextBefore: undefined };
  const { dialect } = ask;
  const [kind, number] = readSubRunPlace(query.before);
  const where = and([
    sql`s.run_id = ${idToInteger(runId)}`, sql`s.kind < ${kind} or (s.kind = ${kind} and s.part_number < ${number})`,
    query.status ? sql`s.status = ${query.status}` : undefined,
    query.monitorStatus ? sql`s.monitor_status = ${query.monitorStatus}` : undefined,
    query.reason ? dialect.contains(sql.raw('s.reason'), query.reason) : undefined,
    query.monitorPayload ? dialect.contains(sql.raw('s.monitor_payload'), query.monitorPayload) : undefined,
  ]);
  const rows = await ask.rows(sql`select ${SUB_RUN_FIELDS} from natsjob_sub_run s where ${where} order by s.kind desc, s.part_number desc limit ${query.limit + 1}`);
  return subRunPage(rows.map((row) => toSubRun(runId, row)), query.limit);
}
