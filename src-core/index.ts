/** The doorway of the core: the scheduler over adapters that the caller opens and closes. Nothing happens on import. */
export type { Adapters, SchedulerConfig } from './engine/context.ts';
export { openScheduler, type Scheduler } from './engine/scheduler.ts';
export type * from './ports/index.ts';
