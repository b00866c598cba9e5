import type { SkipReason } from '../../domain/run.ts';
import type { PauseState } from './pause.ts';
import type { WorkerResource } from './machines.ts';
import type { GapResource, OverviewResource, Role, RunSummary, Time } from './resources.ts';

export const LIVE_TYPES = ['runs', 'workers', 'jobs', 'skips', 'leader', 'nats', 'pause', 'gap', 'counters'] as const;
export type LiveType = (typeof LIVE_TYPES)[number];

/**
 * What a client may send. The first message must hold `token`, unless the token came as the subprotocol
 * `bearer.<token>` beside `natsjob`, or in an Authorization header. `subscribe` replaces what was subscribed before.
 * `since` is the last `seq` seen: what changed after it follows, or a reset when that is too long ago.
 */
export interface LiveRequest {
  readonly token?: string;
  readonly subscribe?: readonly LiveType[] | LiveFilter;
  readonly since?: number;
  readonly pause?: boolean;
  /** A subject under `natsjob.` or `natsjob-void.`, wildcards allowed, or `natsjob-report.` of one run: its messages follow as `messages`. Null ends that. */
  readonly watch?: string | null;
}

/** Absent = all. */
export interface LiveFilter {
  readonly types?: readonly LiveType[];
  readonly namespace?: string;
  readonly app?: string;
  /** Name of a job. */
  readonly job?: string;
}

/** `seq` is the newest change the client knows once it has read the frame. */
export type LiveFrame =
  | { readonly seq: number; readonly type: 'hello'; readonly version: string; readonly role: Role; readonly natsConnected: boolean; readonly pingMs: number }
  | { readonly seq: number; readonly type: 'subscribed'; readonly types: readonly LiveType[] }
  | { readonly seq: number; readonly type: 'paused'; readonly paused: boolean }
  | LiveChanges
  /** Changes were missed and are not kept: read the lists anew. */
  | { readonly seq: number; readonly type: 'reset' }
  /** At most four a second; `dropped` more came and did not fit. */
  | { readonly seq: number; readonly type: 'messages'; readonly items: readonly WatchedMessage[]; readonly dropped: number }
  | { readonly seq: number; readonly type: 'watching'; readonly subject: string | null }
  | { readonly seq: number; readonly type: 'error'; readonly message: string };

export interface WatchedMessage {
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly at: Time;
}

/** At most four a second. Only the latest state of each thing; absent = nothing of that kind changed. */
export interface LiveChanges {
  readonly seq: number;
  readonly type: 'changes';
  readonly runs?: readonly RunSummary[];
  readonly workers?: readonly WorkerResource[];
  readonly jobs?: readonly { readonly id: string; readonly key: string; readonly deleted: boolean }[];
  /** Fires were skipped; counts are in the skips of the job. */
  readonly skips?: readonly LiveSkip[];
  readonly leader?: { readonly role: Role; readonly term: number };
  readonly nats?: { readonly connected: boolean };
  /** Of the whole scheduler: begun, changed or ended. */
  readonly pause?: PauseState;
  /** Fires that nobody was there to decide are decided. */
  readonly gap?: GapResource;
  readonly counters?: LiveCounters;
}

export interface LiveSkip {
  readonly jobId: string;
  readonly namespace: string;
  readonly app: string;
  readonly job: string;
  readonly reason: SkipReason;
  readonly lastAt: Time;
}

/** Of the namespace subscribed to, as far as they are kept by namespace. */
export interface LiveCounters {
  readonly jobs: number;
  readonly jobsEnabled: number;
  readonly running: number;
  readonly queued: number;
  readonly workersLive: number;
  readonly dueNextHour: number;
  readonly ended: OverviewResource['ended'];
  readonly skipped: number;
  readonly projectionLag: number;
  readonly unackedPublishes: number;
  readonly natsRoundTripMs: number | null;
}
