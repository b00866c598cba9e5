import type { UpdateState } from './updates.ts';

/** What the scheduler process tells of itself. Times are epoch milliseconds. */
export interface SchedulerState {
  readonly running: number;
  readonly queued: number;
  readonly nextFire: { readonly at: number; readonly job: string } | null;
  /** `until` null: until it is resumed. */
  readonly pause: { readonly since: number; readonly until: number | null } | null;
  /** Of the newest runs, newest first, each job once, at most eight. */
  readonly recentJobs: readonly { readonly id: string; readonly name: string }[];
}

/** `elsewhere`: another natsjob has the data folder, and the window shows that one. */
export type Phase = 'starting' | 'running' | 'restarting' | 'gave-up' | 'elsewhere' | 'stopping';

/** All that tray, menus and the panel's bridge show. */
export interface DesktopState {
  readonly phase: Phase;
  /** Where the panel is, once it is known. */
  readonly url: string | undefined;
  readonly scheduler: SchedulerState | undefined;
  /** Failed and expired runs since somebody last looked at them. */
  readonly failures: number;
  readonly update: UpdateState;
  /** The system refused to show a notification; the tray has to do. */
  readonly noticesFail: boolean;
}

export const FIRST_STATE: DesktopState = { phase: 'starting', url: undefined, scheduler: undefined, failures: 0, update: { kind: 'idle' }, noticesFail: false };
