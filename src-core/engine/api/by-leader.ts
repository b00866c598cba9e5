import { ConflictError, NodeFaultError, NotFoundError, NotLeadingError, NotReachedError, UnansweredError, UnavailableError } from '../../domain/errors.ts';
import type { LeaseValue } from '../../domain/lease.ts';
import { keepsRows } from '../../domain/job.ts';
import type { RunRecord } from '../../domain/run.ts';
import { isFinal } from '../../domain/run.ts';
import type { CancelTimer, CleanRequest, Explanation, RunRequest } from '../../ports/index.ts';
import type { Core } from '../core.ts';
import type { JobRuntime } from '../job-runtime.ts';
import { ShortQuestions } from '../short-questions.ts';
import { timeLimit } from '../time-limit.ts';
import type { ByLeader, StartedRun } from './api-parts.ts';
import { clean } from './clean.ts';
import { explain, runByHand } from './job-api.ts';
import { findRun } from './find-run.ts';
import type { RunApiParts } from './run-api.ts';
import { cancel } from './run-api.ts';

/** A run by hand gives up after 10 s, a cancellation is waited for as long. */
const ACT_LIMIT_MS = 13_000;
/** A search, cancellations and a message, each with a limit of its own. */
const CLEAN_LIMIT_MS = 25_000;
const LOOK_LIMIT_MS = 2_000;
/** The log has it, and this node reads it within milliseconds. */
const SEEN_MS = 2_000;
/** While an answer is waited for: whether the one who was asked still leads. */
const WATCH_MS = 250;
/** One that has lost the lease may have the answer ready. */
const GRACE_MS = 1_000;

/**
 * What only the leader may do, asked of any node: done here when this node leads, else by a call to the node that holds the
 * lease. It is asked a second time only when the first surely did nothing, so nothing is done twice. Resolves when this node's own
 * reading of the log shows it, so that whoever asks here next finds it.
 */
export function byLeader(core: Core, parts: () => RunApiParts): ByLeader {
  const { calls, elector, book, jobs, context: { clock, config } } = core;

  calls.serve('run', async (input) => {
    const { number, version, request } = input as { number: number; version: number; request: RunRequest };
    throwIfNotLeading();
    const job = await jobAt(number, version);
    throwIfNotLeading();
    return { value: await runByHand(parts(), job, request) };
  });
  calls.serve('cancel', async (input) => {
    const { taskId, isKnown, reason } = input as { taskId: string; isKnown: boolean; reason?: string };
    throwIfNotLeading();
    if (isKnown && (await findRun(parts(), taskId)) === undefined) await parts().untilLogged(taskId, SEEN_MS);
    throwIfNotLeading();
    return { value: await cancel(parts(), taskId, reason) };
  });
  calls.serve('clean', async (input) => {
    const { number, version, request } = input as { number: number; version: number; request: CleanRequest };
    throwIfNotLeading();
    const job = await jobAt(number, version);
    throwIfNotLeading();
    const removed = await clean(parts(), job, request);
    await viewCaughtUp();
    return { value: removed };
  });
  calls.serve('explain', async (input) => {
    const { number, version } = input as { number: number; version: number };
    throwIfNotLeading();
    return { value: explain(parts(), await jobAt(number, version)) };
  });

  return {
    throwIfNone() {
      if (core.leadership === undefined && elector.leader === undefined) throw nobodyLeads();
    },
    async run(job, request) {
      const started = await atLeader('run', () => runByHand(parts(), job, request), { number: job.number, version: job.stored.version, request }, ACT_LIMIT_MS) as StartedRun;
      if (keepsRows(job.definition.model) && book.get(started.taskId)?.logged !== true && !book.isClosed(started.taskId)) await parts().untilLogged(started.taskId, SEEN_MS);
      return started;
    },
    async cancel(taskId, reason) {
      const run = await findRun(parts(), taskId);
      if (run !== undefined && isFinal(run.state)) throw new ConflictError(`The run has ended already: it is ${run.state}.`);
      const ended = await atLeader('cancel', () => cancel(parts(), taskId, reason), { taskId, isKnown: run !== undefined, reason }, ACT_LIMIT_MS) as RunRecord;
      return (await seenEnd(taskId)) ?? ended;
    },
    async clean(job, request) {
      const here = async (): Promise<number> => clean(parts(), job, request);
      const removed = await atLeader('clean', here, { number: job.number, version: job.stored.version, request }, CLEAN_LIMIT_MS) as number;
      await viewCaughtUp();
      return removed;
    },
    async explain(job) {
      const here = async (): Promise<Explanation> => explain(parts(), job);
      try {
        return await atLeader('explain', here, { number: job.number, version: job.stored.version }, LOOK_LIMIT_MS) as Explanation;
      } catch (error) {
        // What this node knows is an answer, too.
        if (error instanceof UnavailableError || error instanceof NodeFaultError) return here();
        throw error;
      }
    },
  };

  async function atLeader(method: string, here: () => Promise<unknown>, input: object, limitMs: number): Promise<unknown> {
    for (let leader = elector.leader, tries = 0; tries < 2; tries++) {
      if (core.leadership !== undefined) {
        try {
          return await here();
        } catch (error) {
          // Its term ended over it.
          if (!(error instanceof NotLeadingError)) throw error;
        }
      } else if (leader !== undefined && leader.nodeId !== config.nodeId) {
        const watch = watchLeader(leader);
        try {
          return (await Promise.race([calls.ask(leader.nodeId, method, input, limitMs), watch.replaced])).value;
        } catch (error) {
          if (error instanceof UnansweredError) throw new UnansweredError('The leader did not answer: what was asked for may have been done, or may still be. Look before asking again.', { cause: error });
          if (!(error instanceof NotReachedError || error instanceof NotLeadingError)) throw error;
        } finally {
          watch.stop();
        }
      }
      if (tries === 0) leader = await elector.lookAgain();
    }
    throw nobodyLeads();
  }

  /** `replaced` rejects when another has taken the lease and no answer came: the one asked may be dead, which nobody tells. */
  function watchLeader(asked: LeaseValue): { readonly replaced: Promise<never>; stop(): void } {
    let cancel: CancelTimer = () => {};
    const replaced = new Promise<never>((_resolve, reject) => {
      const look = (): void => {
        const isReplaced = elector.leader !== undefined && elector.leader.term !== asked.term;
        cancel = isReplaced ? timeLimit(clock, GRACE_MS, () => reject(new UnansweredError(`"${asked.nodeId}" lost the lease.`))) : clock.after(WATCH_MS, look);
      };
      cancel = clock.after(WATCH_MS, look);
    });
    return { replaced, stop: () => cancel() };
  }

  function throwIfNotLeading(): void {
    if (core.leadership === undefined || !elector.isTrusted()) throw new NotLeadingError(`Server "${config.nodeId}" does not lead.`);
  }

  /** In the version the asking node has, or a later one. */
  async function jobAt(number: number, version: number): Promise<JobRuntime> {
    if ((jobs.byNumber(number)?.stored.version ?? 0) < version) await core.definitionsApplied(version);
    const job = jobs.byNumber(number);
    if (job === undefined) throw new NotFoundError('job', String(number));
    return job;
  }

  /** As soon as may be: a database that is away is not waited for. */
  async function viewCaughtUp(): Promise<void> {
    await new ShortQuestions(clock, SEEN_MS).ask(() => core.viewCaughtUp());
  }

  async function seenEnd(taskId: string): Promise<RunRecord | undefined> {
    const run = await findRun(parts(), taskId);
    return run !== undefined && isFinal(run.state) ? run : parts().untilEnded(taskId, SEEN_MS);
  }
}

function nobodyLeads(): UnavailableError {
  return new UnavailableError('No server leads right now; try again in a moment.');
}
