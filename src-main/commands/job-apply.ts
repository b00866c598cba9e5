import { readFileSync } from 'node:fs';
import path from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { JobResource } from '../../src-core/http/contract.ts';
import { CommandError, UsageError, type CommandContext } from '../cli/command.ts';
import { ApiError, type ApiClient } from '../client/api-client.ts';
import { connect } from '../client/connect.ts';
import { again } from './job-writes.ts';
import { jobPath } from './options.ts';

type Fields = Readonly<Record<string, unknown>>;
type Outcome = 'created' | 'updated' | 'unchanged' | 'failed';

/**
 * Makes each job be as the file says: created when it is not there, else only the fields given are compared and changed.
 * An app that is not there is created. One job that fails does not keep the others from it.
 */
export async function jobApply(context: CommandContext): Promise<number> {
  const { options, print, say } = context;
  const file = options.get('file');
  if (file === undefined) throw new UsageError('natsjob job apply needs -f FILE.', 'job apply');
  const documents = parseDocuments(await readInput(file, context.cwd), file);
  const client = connect(context);
  await client.token();
  const outcomes: { job: string; outcome: Outcome; message?: string }[] = [];
  for (const { fields, where } of documents) {
    const job = addressOf(fields, where);
    try {
      outcomes.push({ job, outcome: await again(() => applyOne(client, job, fields, say)) });
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      outcomes.push({ job, outcome: 'failed', message: `${where}: ${error.message}` });
    }
    const last = outcomes.at(-1);
    if (last?.message !== undefined) say(`natsjob: ${last.message}`);
    if (!options.has('json') && last !== undefined) print(`${job} ${last.outcome}`);
  }
  if (options.has('json')) print(JSON.stringify(outcomes, null, 2));
  return outcomes.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

async function applyOne(client: ApiClient, job: string, fields: Fields, say: (line: string) => void): Promise<Outcome> {
  const current = await found(client.call<JobResource>('GET', jobPath(job)));
  if (!current) {
    await ensureApp(client, job, say);
    await client.call('POST', '/jobs', { body: { ...fields, namespace: namespaceOf(job) } });
    return 'created';
  }
  const patch = differences(fields, current as unknown as Fields);
  if (Object.keys(patch).length === 0) return 'unchanged';
  await client.call('PATCH', jobPath(job), { body: patch, version: current.version });
  return 'updated';
}

async function ensureApp(client: ApiClient, job: string, say: (line: string) => void): Promise<void> {
  const [namespace = '', app = ''] = job.split('.');
  const apps = `/namespaces/${encodeURIComponent(namespace)}/apps`;
  if (await found(client.call('GET', `${apps}/${encodeURIComponent(app)}`))) return;
  await client.call('POST', apps, { body: { name: app } });
  say(`App ${namespace}.${app} created`);
}

/** Fields of the file that are otherwise now; of a group the whole group, as it shall be. */
export function differences(wanted: Fields, current: Fields): Fields {
  const patch: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(wanted)) {
    if (name === 'namespace' || name === 'app' || name === 'name' || value === undefined) continue;
    const now = current[name];
    // Args are the job's own business: whatever they are, they are one value.
    const isOneValue = name === 'args' || !isGroup(value) || !isGroup(now);
    const whole = isOneValue ? value : { ...now, ...value };
    if (isOneValue ? !isDeepStrictEqual(value, now) && !isSameMoment(value, now) : !same(whole, now)) patch[name] = whole;
  }
  return patch;
}

function same(wanted: unknown, now: unknown): boolean {
  if (isDeepStrictEqual(wanted, now)) return true;
  if (isGroup(wanted) && isGroup(now)) return Object.keys(wanted).every((name) => same(wanted[name], now[name]));
  return isSameMoment(wanted, now);
}

/** One moment can be written with many offsets. */
function isSameMoment(wanted: unknown, now: unknown): boolean {
  const isTime = (text: unknown): text is string => typeof text === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(text);
  return isTime(wanted) && isTime(now) && Date.parse(wanted) === Date.parse(now);
}

function isGroup(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function found<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

async function readInput(file: string, cwd: string): Promise<string> {
  if (file === '-') return readAll(process.stdin);
  try {
    return readFileSync(path.resolve(cwd, file), 'utf8');
  } catch (error) {
    throw new CommandError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** YAML documents, each a job or a list of jobs; JSON is YAML. Throws CommandError naming the line. */
export function parseDocuments(text: string, file: string): { fields: Fields; where: string }[] {
  const jobs: { fields: Fields; where: string }[] = [];
  for (const document of parseAllDocuments(text, { prettyErrors: true })) {
    const [error] = document.errors;
    if (error) throw new CommandError(`${file}: ${error.message.split('\n')[0] ?? ''}`);
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value === null) continue;
    for (const fields of Array.isArray(value) ? (value as unknown[]) : [value]) {
      const where = `${file}, job ${jobs.length + 1}`;
      if (!isGroup(fields)) throw new CommandError(`${where}: must be a group of fields (name, app, schedule, …).`);
      jobs.push({ fields, where });
    }
  }
  if (jobs.length === 0) throw new CommandError(`${file} holds no job.`);
  return jobs;
}

function addressOf(fields: Fields, where: string): string {
  const { namespace = 'app', app, name } = fields;
  for (const [field, value] of Object.entries({ namespace, app, name })) {
    if (typeof value !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(value)) throw new CommandError(`${where}: ${field} must be letters, digits, "_" and "-", 1 to 64 characters.`);
  }
  return [namespace, app, name].join('.');
}

function namespaceOf(job: string): string {
  return job.split('.')[0] ?? '';
}
