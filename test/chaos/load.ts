/** What runs in a chaos run: jobs whose fires can be foretold from schedule and time alone. */
export const NAMESPACE = 'chaos';
/** Workers of `core` are plain subscribers, those of `stream` read the stream and acknowledge. */
export const APPS = ['core', 'stream'] as const;
export const BY_HAND = 'hand-0';

export interface Kind {
  readonly jobs: number;
  readonly job: Readonly<Record<string, unknown>>;
  readonly expression: string;
  /** Seconds between fires on the wall clock. */
  readonly everySeconds: number;
  /** False: which fires are sent depends on what runs at the moment. */
  readonly isCounted: boolean;
}

export interface ChaosJob {
  readonly kind: string;
  readonly app: (typeof APPS)[number];
  readonly name: string;
  readonly model: string;
  readonly category: string;
  readonly attempts: number;
  readonly isCounted: boolean;
  readonly number: number;
  /** Of the definition as it was made. */
  readonly version: number;
  readonly everySeconds: number;
  /** Of `@every`: the moment its periods are counted from, cut down to whole seconds; else 0. */
  readonly anchor: number;
}

const many = { maxRunning: 10_000, timeoutMs: 4_000 };
/** A window longer than anything here takes. */
const all = { misfire: { policy: 'all', max: 1000, windowMs: 3_600_000 } };

function kind(jobs: number, job: Record<string, unknown>, more: Partial<Kind> = {}): Kind {
  return { jobs, job: { ...all, ...job }, expression: '* * * * * *', everySeconds: 1, isCounted: true, ...more };
}

export const KINDS: Readonly<Record<string, Kind>> = {
  max: kind(8, { model: 'max', ...many }),
  every: kind(2, { model: 'max', ...many }, { expression: '@every 3s', everySeconds: 3 }),
  second: kind(2, { model: 'plus' }, { expression: '*/2 * * * * *', everySeconds: 2 }),
  plus: kind(6, { model: 'plus' }),
  lite: kind(4, { model: 'lite' }),
  map: kind(4, { category: 'map', model: 'max', ...many }),
  pro: kind(2, { model: 'pro', ...many }),
  ultra: kind(4, { model: 'ultra', ...many }),
  each: kind(2, { category: 'broadcast', model: 'ultra', ...many }),
  broad: kind(2, { category: 'broadcast', model: 'max', ...many }),
  group: kind(2, { category: 'group', model: 'pro', ...many }, { expression: '*/2 * * * * *', everySeconds: 2 }),
  retry: kind(2, { model: 'max', ...many, retry: { attempts: 3, delayMs: 500 } }),
  queue: kind(2, { model: 'max', maxRunning: 1, overlap: 'queue', queueLimit: 10_000, timeoutMs: 1_500 }),
  silent: kind(2, { model: 'max', ...many, timeoutMs: 1_000 }, { expression: '*/2 * * * * *', everySeconds: 2 }),
  late: kind(2, { model: 'max', ...many, timeoutMs: 500 }),
  fail: kind(2, { model: 'max', ...many }),
  replace: kind(2, { model: 'max', maxRunning: 1, overlap: 'replace', timeoutMs: 4_000 }, { isCounted: false }),
};

/** All fires of the job from `from` on and before `until`. */
export function fires(job: ChaosJob, from: number, until: number): number[] {
  const period = job.everySeconds * 1000;
  const phase = job.anchor % period;
  const found: number[] = [];
  for (let at = Math.ceil((from - phase) / period) * period + phase; at < until; at += period) found.push(at);
  return found;
}

/** 63 bits: milliseconds since 2020, a bit for runs by hand, job number. Written again here, so that it is counted by other code than what is tested. */
export function runId(at: number, jobNumber: number): string {
  return ((BigInt(at - Date.UTC(2020, 0, 1)) << 22n) | BigInt(jobNumber)).toString();
}

export interface Task {
  readonly taskId: string;
  readonly jobName: string;
  readonly jobEndKvKey: string;
  readonly jobEndResultKvBucket: string;
  readonly attempt?: number;
}

export interface Answer {
  readonly status: string;
  readonly afterMs: number;
  readonly monitorStatus?: string;
}

/** What a worker says to a task; undefined = nothing. */
export function answerTo({ jobName, attempt = 1 }: Task, action: string): Answer | undefined {
  const name = jobName.split('-')[0];
  if (name === 'silent') return undefined;
  if (name === 'map' && action === 'pre-start') return { status: 'success:next', afterMs: 0 };
  if (name === 'map') return { status: 'success', afterMs: 0, monitorStatus: 'done' };
  if (name === 'fail') return { status: 'fail', afterMs: 0 };
  if (name === 'retry') return { status: attempt < 3 ? 'fail' : 'success', afterMs: 0 };
  if (name === 'queue') return { status: 'success', afterMs: 150 };
  if (name === 'late') return { status: 'success', afterMs: 700 };
  if (name === 'replace') return { status: 'success', afterMs: 1_500 };
  return { status: 'success', afterMs: 0 };
}
