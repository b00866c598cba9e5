import type { Chance } from './chance.ts';

/** What the story's own timetable says of a job's fires; nothing of it comes from the scheduler's code. */
export interface Timed {
  readonly policy: 'skip' | 'once' | 'all';
  readonly windowMs: number;
  readonly periodMs: number;
}

/** A job of a story. */
export interface Role {
  readonly name: string;
  readonly definition: Readonly<Record<string, unknown>>;
  /** Rows, ends and limits. */
  readonly keepsRows: boolean;
  /** 0: as many as live workers take. */
  readonly maxRunning: number;
  readonly attempts: number;
  /** Each of its fires is accounted for. */
  readonly timed: Timed | undefined;
}

export interface Cast {
  readonly roles: readonly Role[];
  /** One fire a second, or one a minute for stories of hours. */
  readonly isSlow: boolean;
}

/** Seconds between fires stand as `every`; a slow story takes minutes for them. */
const JOBS: readonly Readonly<Record<string, unknown>>[] = [
  { name: 'single', every: 1, timeoutMs: 3000 },
  { name: 'queued', every: 2, overlap: 'queue', queueLimit: 5, maxRunning: 2, timeoutMs: 2000, retry: { attempts: 3, delayMs: 700 } },
  { name: 'newest', every: 2, overlap: 'replace', timeoutMs: 5000 },
  { name: 'mapped', every: 3, category: 'map', maxRunning: 3, timeoutMs: 2500 },
  { name: 'spread', every: 3, category: 'broadcast', model: 'ultra', maxRunning: 2, timeoutMs: 2500 },
  { name: 'chosen', every: 3, model: 'ultra', condition: 'clientRound', timeoutMs: 2500, retry: { attempts: 2, delayMs: 100 } },
  { name: 'shout', every: 4, category: 'broadcast', maxRunning: 2, timeoutMs: 2500 },
  { name: 'grouped', every: 3, category: 'group', model: 'pro', maxRunning: 2, timeoutMs: 2500 },
  { name: 'rated', every: 1, overlap: 'queue', maxRunning: 4, rate: { max: 2, perMs: 3000 }, timeoutMs: 1500 },
  { name: 'watched', every: 2, model: 'pro', maxRunning: 3, timeoutMs: 2000, retry: { attempts: 2, delayMs: 300 } },
  { name: 'void', every: 1, model: 'lite' },
  { name: 'by-hand', overlap: 'queue', maxRunning: 1, timeoutMs: 2000 },
];

/** Jobs without limits and gates: what becomes of each fire follows from the schedule, the misfire policy and what people did. */
const TIMED_JOBS: readonly Readonly<Record<string, unknown>>[] = [
  { name: 'stream', every: 1, model: 'plus', misfire: { policy: 'all', windowMs: 120_000, max: 1000 } },
  { name: 'every', every: 1, maxRunning: 1000, timeoutMs: 2000, misfire: { policy: 'all', windowMs: 120_000, max: 1000 } },
  { name: 'latest', every: 1, model: 'plus', misfire: { policy: 'once', windowMs: 60_000, max: 1 } },
  { name: 'punctual', every: 1, model: 'plus', misfire: { policy: 'skip', windowMs: 5000, max: 1 } },
];

/** Jobs that are queues: runs are asked for, and workers say how many they take. */
const QUEUES: typeof JOBS = [
  { name: 'line', overlap: 'queue', queueLimit: 25, maxRunning: 0, timeoutMs: 2500, retry: { attempts: 2, delayMs: 200 } },
  { name: 'paced', every: 1, overlap: 'queue', queueLimit: 8, maxRunning: 0, timeoutMs: 2000 },
];

export const QUEUE_NAMES: ReadonlySet<string> = new Set(QUEUES.map(({ name }) => name as string));

export function queueRoles(chance: Chance, isSlow: boolean): Role[] {
  return QUEUES.slice(0, chance.happens(0.4) ? 2 : 1).map((job) => roleOf(job, isSlow));
}

export function chooseCast(chance: Chance, isSlow: boolean): Cast {
  const some = (jobs: typeof JOBS, count: number): typeof JOBS => shuffled(jobs, chance).slice(0, count);
  const jobs = [...some(TIMED_JOBS, chance.between(1, 2)), ...some(JOBS, chance.between(2, 4))];
  return { isSlow, roles: jobs.map((job) => roleOf(job, isSlow)) };
}

/** Every job there is: for stories that look at one seed closely. */
export function wholeCast(): Cast {
  return { isSlow: false, roles: [...TIMED_JOBS, ...JOBS].map((job) => roleOf(job, false)) };
}

function roleOf({ every, ...job }: Readonly<Record<string, unknown>>, isSlow: boolean): Role {
  const model = job['model'] ?? 'max';
  // In a slow story the widest window has to reach over an hour.
  const misfire = job['misfire'] as { policy: Timed['policy']; windowMs: number; max: number } | undefined;
  const windowMs = (misfire?.windowMs ?? 0) * (isSlow && misfire?.policy !== 'skip' ? 60 : 1);
  const expression = every === undefined ? '' : isSlow ? `0 */${every as number} * * * *` : `*/${every as number} * * * * *`;
  return {
    name: job['name'] as string,
    definition: { namespace: 'app', app: 'biz', ...job, schedule: { expression }, ...(misfire === undefined ? {} : { misfire: { ...misfire, windowMs } }) },
    keepsRows: model !== 'lite' && model !== 'plus',
    maxRunning: (job['maxRunning'] as number | undefined) ?? 1,
    attempts: (job['retry'] as { attempts: number } | undefined)?.attempts ?? 1,
    timed: misfire === undefined ? undefined : { policy: misfire.policy, windowMs, periodMs: (every as number) * (isSlow ? 60_000 : 1000) },
  };
}

function shuffled<T>(items: readonly T[], chance: Chance): T[] {
  const left = [...items];
  return items.map(() => left.splice(chance.between(0, left.length - 1), 1)[0] as T);
}
