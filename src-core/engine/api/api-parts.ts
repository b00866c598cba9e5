import type { RunRecord, RunState } from '../../domain/run.ts';
import type { CleanRequest, Explanation, RunRequest } from '../../ports/index.ts';
import type { JobRuntime } from '../job-runtime.ts';
import type { RunBook } from '../../decide/index.ts';
import type { EngineContext } from '../context.ts';
import type { Jobs } from '../jobs.ts';
import type { Leadership } from '../leadership.ts';
import type { Situations } from '../situations.ts';
import type { JobWriter } from './definition-writer.ts';

/** What the calls about jobs and runs work with. */
export interface JobApiParts {
  readonly context: EngineContext;
  readonly jobs: Jobs;
  readonly book: RunBook;
  readonly situations: Situations;
  readonly writer: JobWriter;
  /** Throws UnavailableError while this node does not lead. */
  readonly leadership: () => Leadership;
  /** Resolves once this node has read the run in the log, or when the time is up. */
  readonly untilLogged: (taskId: string, limitMs: number) => Promise<void>;
  readonly byLeader: ByLeader;
}

export interface StartedRun {
  readonly taskId: string;
  readonly state: RunState;
}

/** What only the leader may do, from any node. Rejects with UnavailableError when nobody leads, UnansweredError when it may have been done. */
export interface ByLeader {
  throwIfNone(): void;
  run(job: JobRuntime, request: RunRequest): Promise<StartedRun>;
  cancel(taskId: string, reason?: string): Promise<RunRecord>;
  clean(job: JobRuntime, request: CleanRequest): Promise<number>;
  /** As the leader sees it; as this node does while there is none. */
  explain(job: JobRuntime): Promise<Explanation>;
}
