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
  /** Rejects with UnavailableError while nobody leads here. */
  readonly leadership: () => Leadership;
  /** Resolves once this node has read the run in the log, or when the time is up. */
  readonly untilLogged: (taskId: string, limitMs: number) => Promise<void>;
}
