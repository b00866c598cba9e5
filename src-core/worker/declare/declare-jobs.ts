import type { AnyNodeMethod } from '../../wire/index.ts';
import { callPatiently } from '../calls.ts';
import { checkKnown } from '../common/known-options.ts';
import type { OptionNames } from '../common/known-options.ts';
import { chooseConnection, CONNECTION_OPTIONS } from '../connection.ts';
import type { ConnectionChoice } from '../connection.ts';
import { BadOptionError, checkedName } from '../errors.ts';
import type { JobFields } from './declared-job.ts';
import type { JobTimes } from './schedules.ts';

/** Names of jobs, and what became of them. */
export interface DeclareReport {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly unchanged: readonly string[];
  /** In the app, and not among those declared: nothing is done with them. */
  readonly undeclared: readonly string[];
}

export interface JobDeclaration {
  readonly name: string;
  readonly times: JobTimes;
  readonly fields?: JobFields;
}

export interface DeclareJobsOptions extends ConnectionChoice {
  /** Default `app`. */
  readonly namespace?: string;
  readonly app: string;
  readonly jobs: readonly JobDeclaration[];
  /** What is done with a job that is there: `update` gives it the declared fields, `keep` leaves it as it is. Default `update`. */
  readonly onExisting?: 'update' | 'keep';
}

const PAGE = 200;
const OPTIONS: OptionNames<DeclareJobsOptions> = { namespace: true, app: true, jobs: true, onExisting: true, ...CONNECTION_OPTIONS };

/**
 * Makes the scheduler's definitions agree with those in the code: missing ones are created, with namespace and app, others get the
 * declared fields. Nothing is deleted. Doing it again, or in several programs at once, changes nothing.
 * Rejects with BadOptionError; with InvalidInputError, which names the job's fields; with NotReachedError, after 5 s, or UnansweredError when no scheduler answers.
 */
export async function declareJobs(options: DeclareJobsOptions): Promise<DeclareReport> {
  checkKnown('declareJobs', options, OPTIONS);
  const checked = checkDeclarations(options);
  const { connection, isOwn } = await chooseConnection(options);
  try {
    return await declareOver((method, input) => callPatiently(connection, method, input), checked);
  } finally {
    if (isOwn) await connection.close();
  }
}

export interface CheckedDeclarations {
  readonly namespace: string;
  readonly app: string;
  readonly jobs: readonly JobDeclaration[];
  readonly onExisting: 'update' | 'keep';
}

/** Throws BadOptionError. */
export function checkDeclarations({ namespace = 'app', app, jobs, onExisting = 'update' }: Omit<DeclareJobsOptions, keyof ConnectionChoice>): CheckedDeclarations {
  if (onExisting !== 'update' && onExisting !== 'keep') throw new BadOptionError('onExisting', 'update or keep', onExisting);
  if (!Array.isArray(jobs)) throw new BadOptionError('jobs', 'a list of jobs', jobs);
  const names = new Set<string>();
  for (const each of jobs as readonly JobDeclaration[]) {
    checkedName('the name of a job', each.name);
    if (names.has(each.name)) throw new BadOptionError('jobs', `a list without two of one name; ${each.name} comes twice`);
    names.add(each.name);
  }
  return { namespace: checkedName('namespace', namespace), app: checkedName('app', app), jobs, onExisting };
}

/** Asks a scheduler. */
export type Ask = (method: AnyNodeMethod, input: object) => Promise<unknown>;
type Outcome = 'created' | 'updated' | 'unchanged';

/** `outcomes`: what was declared by an earlier try that broke off. It is not declared again, and counts as it came out then. */
export async function declareOver(ask: Ask, { namespace, app, jobs, onExisting }: CheckedDeclarations, outcomes = new Map<string, Outcome>()): Promise<DeclareReport> {
  for (const { name, times, fields = {} } of jobs) {
    if (outcomes.has(name)) continue;
    const { outcome } = (await ask('job.declare', { ...fields, namespace, app, name, schedule: times, onExisting })) as { outcome: Outcome };
    outcomes.set(name, outcome);
  }
  const undeclared: string[] = [];
  for await (const name of namesIn(ask, namespace, app)) if (!outcomes.has(name)) undeclared.push(name);
  const named = (wanted: Outcome): string[] => [...outcomes].filter(([, outcome]) => outcome === wanted).map(([name]) => name);
  return { created: named('created'), updated: named('updated'), unchanged: named('unchanged'), undeclared };
}

async function* namesIn(ask: Ask, namespace: string, app: string): AsyncGenerator<string> {
  let cursor: string | undefined;
  do {
    const page = (await ask('job.list', { namespace, app, limit: PAGE, cursor })) as { items: readonly { name: string }[]; nextCursor: string | null };
    for (const { name } of page.items) yield name;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
