import type { RunningNatsjob } from '../compose.ts';

type Health = ReturnType<RunningNatsjob['api']['health']>;

/** What the service manager has been told so far. */
export interface Told {
  readonly ready: boolean;
  readonly status: string;
}

export const NOTHING_TOLD: Told = { ready: false, status: '' };

/** Without NATS the scheduler waits for it, which starting again would not shorten; so after this long it counts as started. */
export const LONGEST_UNREADY_MS = 60_000;
/** No tick for this long although NATS is there: the loop hangs, and only a new process helps. */
const STALLED_MS = 30_000;

export interface Hearing {
  /** Assignments for sd_notify, none when there is nothing new. */
  readonly words: readonly string[];
  readonly told: Told;
}

/** What to tell now; `beat` asks for a sign of life, which only a scheduler whose ticks go on gives. Milliseconds since it was started. */
export function whatToTell(health: Health, told: Told, { pid, startedMs, beat }: { pid: number; startedMs: number; beat: boolean }): Hearing {
  const status = statusOf(health);
  const isReady = told.ready || health.ready || startedMs >= LONGEST_UNREADY_MS;
  const words = [
    ...(isReady && !told.ready ? ['READY=1', `MAINPID=${pid}`] : []),
    ...(status === told.status ? [] : [`STATUS=${status}`]),
    ...(beat && !isStalled(health) ? ['WATCHDOG=1'] : []),
  ];
  return { words, told: { ready: isReady, status } };
}

/** While NATS is away nothing ticks, and rightly so. */
export function isStalled({ natsConnected, tickAgeMs }: Pick<Health, 'natsConnected' | 'tickAgeMs'>): boolean {
  return natsConnected && tickAgeMs !== undefined && tickAgeMs > STALLED_MS;
}

function statusOf({ ready, role, problems }: Health): string {
  // One line; what NATS or the database said may hold several.
  return ready ? `Ready as ${role}` : `Not ready: ${problems.join('; ').replace(/\s+/g, ' ')}`;
}
