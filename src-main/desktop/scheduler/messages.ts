import type { SchedulerState } from '../model/desktop-state.ts';
import type { Happening } from '../model/notices.ts';

/** What the main process asks of the scheduler process. */
export type ToScheduler =
  /** The first message, and once. */
  | { readonly type: 'start'; readonly start: SchedulerStart }
  | { readonly type: 'token'; readonly request: number }
  /** Epoch ms; null: until it is resumed. */
  | { readonly type: 'pause'; readonly until: number | null }
  | { readonly type: 'resume' }
  | { readonly type: 'run'; readonly jobId: string }
  /** What the power monitor says; the scheduler itself finds gaps by the clock. */
  | { readonly type: 'power'; readonly event: 'suspend' | 'resume' }
  /** End in order and exit. */
  | { readonly type: 'shutdown' };

export interface SchedulerStart {
  readonly dataDir: string;
  readonly confDir: string;
  readonly logDir: string;
  /** Where panel, reader script and native parts lie. */
  readonly programDir: string;
  readonly shareOnNetwork: boolean;
}

/** What the scheduler process tells the main process. */
export type FromScheduler =
  /** HTTP answers; without a slash at the end. */
  | { readonly type: 'ready'; readonly url: string }
  | { readonly type: 'state'; readonly state: SchedulerState }
  | { readonly type: 'happened'; readonly happening: Happening }
  /** Undefined: there is none to be had. */
  | { readonly type: 'token'; readonly request: number; readonly token: string | undefined }
  /** Another natsjob has the data folder. The process ends. */
  | { readonly type: 'locked'; readonly pid: number | undefined; readonly url: string | undefined }
  /** Something for the person to do before it can start. The process ends, and starting it again changes nothing. */
  | { readonly type: 'cannot-start'; readonly message: string }
  /** An order from tray or menu could not be carried out. */
  | { readonly type: 'refused'; readonly message: string };
