import type { RunningNatsjob } from '../compose.ts';
import { NotifyError, notify, notifyAsked } from './notify.ts';
import { NOTHING_TOLD, whatToTell } from './what-to-tell.ts';

export interface ReportOptions {
  readonly running: Pick<RunningNatsjob, 'api' | 'log'>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
}

export interface Reporter {
  /** The scheduler stops from now on. Resolves when everything is told. */
  stop(): Promise<void>;
}

/** How often it looks whether something is to be told: as long as it is not ready, and then. */
const STARTING_LOOK_MS = 250;
const LOOK_MS = 5_000;
/** Two beats may be lost or late before it counts. */
const BEATS_PER_LIMIT = 3;

/** Tells systemd when the scheduler is ready, how it does, that it lives and that it stops; nothing when nobody asked. */
export function reportToManager({ running, environment, pid }: ReportOptions): Reporter {
  const asked = notifyAsked(environment, pid);
  if (asked === undefined) return { stop: async () => {} };
  const startedAt = performance.now();
  const asksForBeats = asked.watchdogMs !== undefined;
  const beatEveryMs = (asked.watchdogMs ?? Infinity) / BEATS_PER_LIMIT;
  let told = NOTHING_TOLD;
  let beatAt = -Infinity;
  let isMissing = false;
  let failure = '';
  let timer: NodeJS.Timeout | undefined;
  let isStopping = false;
  let telling = look();

  return {
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      await telling;
      await tell(['STOPPING=1', 'STATUS=Stopping']);
    },
  };

  async function look(): Promise<void> {
    const now = performance.now();
    const beat = asksForBeats && now - beatAt >= beatEveryMs;
    const { words, told: next } = whatToTell(running.api.health(), told, { pid, startedMs: now - startedAt, beat });
    if (beat) beatAt = now;
    if (words.length > 0 && (await tell(words))) told = next;
    if (isStopping || isMissing) return;
    timer = setTimeout(() => (telling = look()), Math.min(told.ready || failure !== '' ? LOOK_MS : STARTING_LOOK_MS, beatEveryMs));
  }

  /** True when it was heard. */
  async function tell(words: readonly string[]): Promise<boolean> {
    if (isMissing) return false;
    try {
      await notify(environment, words);
      failure = '';
      return true;
    } catch (error) {
      if (!(error instanceof NotifyError)) throw error;
      isMissing = error.isMissing;
      if (error.message !== failure) running.log.warn({}, `${error.message}: systemd is not told how the scheduler does, and may end it`);
      failure = error.message;
      return false;
    }
  }
}
