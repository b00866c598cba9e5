import { explainFire } from '../../decide/index.ts';
import { InvalidInputError, NotFoundError, NotLeadingError, RunSkippedError, UnansweredError, UnavailableError } from '../../domain/errors.ts';
import { InputReader } from '../../domain/input.ts';
import { readArgs, readPriority, throwIfWrong } from '../../domain/job-input.ts';
import { keepsRows } from '../../domain/job.ts';
import { isLive } from '../../domain/worker.ts';
import type { BulkAction, BulkResult, Explanation, JobApi, JobFilter, JobView, RunRequest, Store } from '../../ports/index.ts';
import type { RunState } from '../../domain/run.ts';
import type { JobRuntime } from '../job-runtime.ts';
import type { Settled } from '../dispatcher.ts';
import type { Jobs } from '../jobs.ts';
import type { JobApiParts } from './api-parts.ts';
import { jobVersions } from './job-versions.ts';
import { queueMetrics, queueStatus } from './queue-api.ts';

const BY_HAND_PATIENCE_MS = 10_000;
/** The log has the run, and this node reads it within milliseconds; where NATS stands still in between, that takes as long as it does. */
const LOGGED_PATIENCE_MS = 2_000;
const DAY_MS = 86_400_000;
const MOST_BULK = 10_000;

/** `seen` answers once the database is read, `parts` once the log is: reads do not need NATS. */
export function jobApi(seen: () => JobApiParts, parts: () => JobApiParts): JobApi {
  return {
    async list(filter, { limit, after }) {
      const { jobs } = seen();
      const found: JobRuntime[] = [];
      for (const key of jobs.keys.after(after)) {
        const job = jobs.byKey(key) as JobRuntime;
        if (matches(job, filter)) found.push(job);
        if (found.length > limit) break;
      }
      const page = found.slice(0, limit);
      return { items: await views(seen(), page), next: found.length > limit ? page.at(-1)?.key : undefined };
    },
    async count(filter) {
      let count = 0;
      for (const job of seen().jobs.all()) if (matches(job, filter)) count++;
      return { count, more: false };
    },
    async get(id) {
      return view(seen(), find(seen().jobs, id));
    },
    async create(input) {
      return view(parts(), await parts().writer.create(input));
    },
    async replace(id, input, version) {
      return view(parts(), await parts().writer.replace(find(parts().jobs, id), input, version));
    },
    async update(id, patch, version) {
      return view(parts(), await parts().writer.update(find(parts().jobs, id), patch, version));
    },
    remove(id, version) {
      return parts().writer.remove(find(parts().jobs, id), version);
    },
    async run(id, request) {
      return parts().byLeader.run(find(parts().jobs, id), request);
    },
    async versions(id) {
      return jobVersions(parts(), id);
    },
    async explain(id) {
      return seen().byLeader.explain(find(seen().jobs, id));
    },
    async skips(id, filter, { limit, before }) {
      const page = await seen().context.store.skips({ ...filter, jobNumbers: [find(seen().jobs, id).number], limit, ...(before === undefined ? {} : { before }) });
      return { items: page.items, next: page.nextBefore };
    },
    async queue(id) {
      return queueStatus(seen(), find(seen().jobs, id));
    },
    async queueMetrics(id) {
      return queueMetrics(seen(), find(seen().jobs, id));
    },
    async clean(id, request) {
      return parts().byLeader.clean(find(parts().jobs, id), request);
    },
    async stats(id, query) {
      return seen().context.store.endTotals({ ...query, jobNumbers: [find(seen().jobs, id).number] });
    },
    bulk(request) {
      return bulk(parts(), request);
    },
  };
}

/** As this node sees it. */
export function explain({ situations, context }: JobApiParts, job: JobRuntime): Explanation {
  const { verdict, gates } = explainFire(job.definition, situations.of(job, context.clock.now()));
  return { verdict: verdict.kind, reason: 'reason' in verdict ? verdict.reason : undefined, gates };
}

/** On the leader: runs now, or after a delay, through the same gates as a fire. Resolves once the log has it; rejects with NotLeadingError when it stopped leading over it and surely sent nothing. */
export async function runByHand(parts: JobApiParts, job: JobRuntime, request: RunRequest): Promise<{ taskId: string; state: RunState }> {
  const { context } = parts;
  const now = context.clock.now();
  const until = context.clock.monotonic() + BY_HAND_PATIENCE_MS + LOGGED_PATIENCE_MS;
  const wanted = readRequest(request, job, parts, now);
  const leadership = parts.leadership();
  const id = leadership.ids.byHand(job, now);
  const trigger = request.trigger ?? 'manual';
  const plan = {
    id, trigger, scheduledAt: now + wanted.delayMs, giveUpAt: now + BY_HAND_PATIENCE_MS,
    ...(wanted.args === undefined ? {} : { args: wanted.args }),
    ...(wanted.priority === undefined ? {} : { priority: wanted.priority }),
    ...(wanted.workerId === '' ? {} : { workerId: wanted.workerId }),
  };
  let state: RunState = wanted.delayMs > 0 ? 'delayed' : 'active';
  const { sequence, isUnsure } = await new Promise<{ sequence: number; isUnsure: boolean | undefined }>((resolve, reject) => {
    const settled: Settled = (at, unsure) => resolve({ sequence: at, isUnsure: unsure });
    if (wanted.delayMs > 0) {
      if (job.definition.state === 'disabled') return reject(new RunSkippedError('disabled', 'The job is disabled.'));
      return leadership.dispatcher.accept(job, plan, 'delayed', now + wanted.delayMs, settled);
    }
    const verdict = leadership.dispatcher.start(job, plan, settled, now);
    if (verdict.kind === 'skip') {
      leadership.dispatcher.skip(job, verdict.reason, now);
      return reject(new RunSkippedError(verdict.reason, `Not run: ${reasonWords(parts, job, now)}.`));
    }
    if (verdict.kind !== 'dispatch') state = 'waiting';
  });
  if (sequence === 0 && isUnsure) throw new UnansweredError('NATS had not confirmed the message when this server stopped leading: the run may have been started. Look before asking again.');
  if (sequence === 0 && leadership.isOver) throw new NotLeadingError('This server stopped leading before the message was sent.');
  if (sequence === 0) throw new RunSkippedError('nats-down', 'Not run: NATS did not take the message in time.');
  // Who asks for the run next, or cancels it, must find it.
  if (keepsRows(job.definition.model) && parts.book.get(id)?.logged !== true && !parts.book.isClosed(id)) await parts.untilLogged(id, until - context.clock.monotonic());
  return { taskId: id, state };
}

function readRequest(request: RunRequest, job: JobRuntime, parts: JobApiParts, now: number): { args: string | undefined; delayMs: number; priority: number | undefined; workerId: string } {
  const reader = new InputReader(request, ['args', 'delayMs', 'priority', 'workerId', 'trigger']);
  const args = reader.has('args') ? readArgs(reader, (text) => new TextEncoder().encode(text).length).text : undefined;
  const delayMs = reader.whole('delayMs', 0, 0, 366 * DAY_MS);
  const priority = reader.has('priority') ? readPriority(reader) : undefined;
  const workerId = reader.text('workerId', '', 128);
  const { definition } = job;
  if (delayMs > 0 && !keepsRows(definition.model)) reader.fail('delayMs', `is not possible for model ${definition.model}: it keeps no runs to wait with`);
  if (workerId !== '' && !(definition.model === 'ultra' && definition.category === 'standalone')) {
    reader.fail('workerId', 'is only for standalone ultra jobs: the others do not choose a worker');
  } else if (workerId !== '') {
    const isKnown = parts.situations.workers(job, now).live.some((worker) => worker.id === workerId && isLive(worker, now));
    if (!isKnown) reader.fail('workerId', `no live worker "${workerId}" of ${definition.namespace}.${definition.app}`);
  }
  throwIfWrong(reader.errors);
  return { args, delayMs, priority, workerId };
}

function reasonWords(parts: JobApiParts, job: JobRuntime, now: number): string {
  const { gates } = explainFire(job.definition, parts.situations.of(job, now));
  return gates.find((gate) => !gate.pass)?.detail ?? 'the situation has changed; try again';
}

function find(jobs: Jobs, id: string): JobRuntime {
  const job = jobs.find(id);
  if (job === undefined) throw new NotFoundError('job', id);
  return job;
}

async function view(parts: JobApiParts, job: JobRuntime): Promise<JobView> {
  return (await views(parts, [job]))[0] as JobView;
}

async function views(parts: JobApiParts, jobs: readonly JobRuntime[]): Promise<readonly JobView[]> {
  if (!parts.situations.leading) parts.jobs.follow(parts.context.clock.now());
  const lastRuns = await (parts.context.store as Store).lastRuns(jobs.map((job) => job.number));
  return jobs.map((job) => {
    const { active, waiting, delayed } = parts.book.look(job.number);
    return {
      id: String(job.number), definition: job.definition, version: job.stored.version, nextFireAt: parts.jobs.fires.nextFireOf(job),
      running: active.size, queued: waiting.length + delayed, lastRun: lastRuns.get(job.number),
    };
  });
}

function matches({ definition }: JobRuntime, filter: JobFilter): boolean {
  const { namespace, app, q, state, category, model, tag } = filter;
  if (namespace !== undefined && definition.namespace !== namespace) return false;
  if (app !== undefined && definition.app !== app) return false;
  if (state !== undefined && definition.state !== state) return false;
  if (category !== undefined && definition.category !== category) return false;
  if (model !== undefined && definition.model !== model) return false;
  if (tag !== undefined && !definition.tags.includes(tag)) return false;
  if (q === undefined) return true;
  const needle = q.toLowerCase();
  return definition.name.toLowerCase().includes(needle) || definition.description.toLowerCase().includes(needle);
}

async function bulk(parts: JobApiParts, request: Parameters<JobApi['bulk']>[0]): Promise<BulkResult> {
  const targets = bulkTargets(parts, request);
  if (request.dryRun) return { matched: targets.length, done: 0, failures: [] };
  let done = 0;
  const failures: { id: string; message: string }[] = [];
  for (const job of targets) {
    try {
      await act(parts, job, request.action);
      done++;
    } catch (error) {
      if (error instanceof UnavailableError) throw error;
      failures.push({ id: job.key, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { matched: targets.length, done, failures };
}

function bulkTargets(parts: JobApiParts, { ids, filter }: Parameters<JobApi['bulk']>[0]): JobRuntime[] {
  if ((ids === undefined) === (filter === undefined)) throw new InvalidInputError([{ field: 'ids', message: 'give either ids or filter' }]);
  const targets = ids !== undefined ? ids.map((id) => find(parts.jobs, id)) : [...parts.jobs.all()].filter((job) => matches(job, filter as JobFilter));
  if (targets.length > MOST_BULK) throw new InvalidInputError([{ field: 'filter', message: `matches ${targets.length} jobs; at most ${MOST_BULK} at once` }]);
  return targets;
}

async function act(parts: JobApiParts, job: JobRuntime, action: BulkAction): Promise<void> {
  const { version } = job.stored;
  switch (action.kind) {
    case 'run':
      return void (await parts.byLeader.run(job, {}));
    case 'delete':
      return parts.writer.remove(job, version);
    case 'tag':
      return void (await parts.writer.update(job, { tags: [...new Set([...job.definition.tags, ...action.add])].filter((tag) => !action.remove.includes(tag)) }, version));
    case 'move':
      return void (await parts.writer.update(job, { namespace: action.namespace, app: action.app }, version));
    default:
      return void (await parts.writer.update(job, { state: { enable: 'enabled', disable: 'disabled', pause: 'paused' }[action.kind] }, version));
  }
}
