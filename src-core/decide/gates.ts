import type { JobDefinition } from '../domain/job.ts';
import { keepsRows, needsWorker } from '../domain/job.ts';
import { pauseWords } from '../domain/pause.ts';
import type { SchedulerPause } from '../domain/pause.ts';
import type { SkipReason } from '../domain/run.ts';

/** What a fire of a job meets at the moment of decision. */
export interface Situation {
  readonly now: number;
  readonly leading: boolean;
  readonly connected: boolean;
  /** The pause of the whole scheduler that is in force, if one is. */
  readonly pause: Pick<SchedulerPause, 'until'> | undefined;
  /** Runs dispatched, or being dispatched, and not ended. */
  readonly active: number;
  /** For jobs with `maxRunning` 0: how many runs live workers can take now, see runLimit. */
  readonly capacity?: number;
  /** Runs due and held. */
  readonly waiting: number;
  /** Live workers of the job's app. */
  readonly liveWorkers: number;
  /** Ultra: those with weight > 0 that are not drained. Group: groups that live workers name. */
  readonly targets: number;
  /** Live workers that a person has taken out of the routing. */
  readonly drained: number;
  /** Epoch ms from which the rate limit lets one more through; ≤ now = free. */
  readonly rateFreeAt: number;
}

export type GateName = 'enabled' | 'window' | 'paused' | 'worker' | 'weight' | 'concurrency' | 'rate' | 'nats' | 'leader';

export type Verdict =
  | { readonly kind: 'dispatch' }
  /** Held until the gate opens; only jobs that queue, or that replace. */
  | { readonly kind: 'wait'; readonly reason: SkipReason }
  /** Cancel the oldest active run, and wait for its end. */
  | { readonly kind: 'replace' }
  | { readonly kind: 'skip'; readonly reason: SkipReason };

interface Gate {
  readonly name: GateName;
  /** Why a fire does not pass, or undefined. */
  blocks(job: JobDefinition, situation: Situation): SkipReason | undefined;
  /** A closed gate that opens by itself holds runs of queueing jobs instead of skipping them. */
  readonly holds: boolean;
  detail(job: JobDefinition, situation: Situation): string;
}

/** In the order a fire passes them. The first that blocks gives the reason. */
const GATES: readonly Gate[] = [
  {
    name: 'leader', holds: false,
    blocks: (_job, { leading }) => (leading ? undefined : 'not-leader'),
    detail: (_job, { leading }) => (leading ? 'a server leads' : 'no server leads right now'),
  },
  {
    name: 'enabled', holds: false,
    blocks: (job) => (job.state === 'disabled' ? 'disabled' : undefined),
    detail: (job) => `the job is ${job.state}`,
  },
  {
    name: 'window', holds: false,
    blocks: (job, { now }) => (isInsideWindow(job, now) ? undefined : 'window'),
    detail: (job, { now }) => (isInsideWindow(job, now) ? 'inside the active window' : 'outside the active window'),
  },
  {
    name: 'paused', holds: true,
    blocks: (job, { pause }) => (pause !== undefined || job.state === 'paused' ? 'paused' : undefined),
    detail: (job, { pause }) => (pause !== undefined ? pauseWords(pause) : job.state === 'paused' ? 'the job is paused' : 'not paused'),
  },
  {
    name: 'worker', holds: false,
    blocks: (job, { liveWorkers }) => (asksForWorker(job) && liveWorkers === 0 ? 'no-worker' : undefined),
    detail: (job, { liveWorkers }) => (asksForWorker(job) ? `${liveWorkers} live workers of the app` : `model ${job.model} asks for none`),
  },
  {
    name: 'weight', holds: false,
    blocks: (job, { targets }) => (picksTargets(job) && targets === 0 ? (job.category === 'group' ? 'no-worker' : 'weight-zero') : undefined),
    detail: (job, { targets, drained }) => (!picksTargets(job) ? 'no worker is chosen' : job.category === 'group' ? `${targets} groups` : `${targets} workers with a weight above 0${drained === 0 ? '' : `, ${drained} drained`}`),
  },
  {
    name: 'concurrency', holds: true,
    blocks: (job, situation) => (isFull(job, situation) ? 'overlap' : undefined),
    detail: (job, situation) => (keepsRows(job.model) ? `${situation.active} of ${limitWords(job, situation)} running, ${situation.waiting} waiting` : `model ${job.model} has no limit`),
  },
  {
    name: 'rate', holds: true,
    blocks: (_job, { rateFreeAt, now }) => (rateFreeAt > now ? 'rate' : undefined),
    detail: (job, { rateFreeAt, now }) => (job.rate === null ? 'no rate limit' : rateFreeAt > now ? `free again in ${rateFreeAt - now} ms` : `below ${job.rate.max} per ${job.rate.perMs} ms`),
  },
  {
    name: 'nats', holds: false,
    blocks: (_job, { connected }) => (connected ? undefined : 'nats-down'),
    detail: (_job, { connected }) => (connected ? 'connected' : 'not connected'),
  },
];

const DISPATCH: Verdict = { kind: 'dispatch' };
const REPLACE: Verdict = { kind: 'replace' };

/** What becomes of a fire now. */
export function decideFire(job: JobDefinition, situation: Situation): Verdict {
  for (const gate of GATES) {
    const reason = gate.blocks(job, situation);
    if (reason !== undefined) return outcome(job, situation, gate, reason);
  }
  return DISPATCH;
}

/** Whether a run that waits may go now: the same gates, but it does not queue behind itself. */
export function mayRelease(job: JobDefinition, situation: Situation): boolean {
  return GATES.every((gate) =>
    gate.name === 'concurrency' ? situation.active < limitOf(job, situation) : gate.blocks(job, situation) === undefined);
}

/** Every gate with what it says now, and the verdict: the answer to "why would it not run?". */
export function explainFire(job: JobDefinition, situation: Situation): {
  verdict: Verdict;
  gates: readonly { gate: GateName; pass: boolean; reason: SkipReason | undefined; detail: string }[];
} {
  const gates = GATES.map((gate) => {
    const reason = gate.blocks(job, situation);
    return { gate: gate.name, pass: reason === undefined, reason, detail: gate.detail(job, situation) };
  });
  return { verdict: decideFire(job, situation), gates };
}

function outcome(job: JobDefinition, situation: Situation, gate: Gate, reason: SkipReason): Verdict {
  if (!gate.holds || !keepsRows(job.model)) return { kind: 'skip', reason };
  if (job.overlap === 'queue') {
    return situation.waiting < job.queueLimit ? { kind: 'wait', reason } : { kind: 'skip', reason: 'queue-full' };
  }
  if (job.overlap === 'replace' && gate.name === 'concurrency') return REPLACE;
  return { kind: 'skip', reason };
}

function isFull(job: JobDefinition, situation: Situation): boolean {
  if (!keepsRows(job.model)) return false;
  const { active, waiting } = situation;
  return active >= limitOf(job, situation) || (waiting > 0 && job.overlap !== 'skip');
}

function limitOf(job: JobDefinition, { capacity }: Situation): number {
  return job.maxRunning === 0 ? (capacity ?? 0) : job.maxRunning;
}

function limitWords(job: JobDefinition, situation: Situation): string {
  return job.maxRunning === 0 ? `${limitOf(job, situation)} that live workers can take` : String(job.maxRunning);
}

/** Its active window has closed for good: nothing of it will be dispatched any more. */
export function isOver(job: JobDefinition, now: number): boolean {
  return job.schedule.endAt !== null && now >= job.schedule.endAt;
}

function isInsideWindow(job: JobDefinition, now: number): boolean {
  const { startAt, endAt } = job.schedule;
  return (startAt === null || now >= startAt) && (endAt === null || now < endAt);
}

function asksForWorker(job: JobDefinition): boolean {
  return needsWorker(job.model);
}

function picksTargets(job: JobDefinition): boolean {
  return job.model === 'ultra' || job.category === 'group';
}
