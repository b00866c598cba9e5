import type { RunningNatsjob } from '../../compose.ts';
import type { SchedulerState } from '../model/desktop-state.ts';
import type { Happening } from '../model/notices.ts';
import { runTracker } from './run-tracker.ts';

/** While things change the state is told this often; a quiet scheduler is asked more seldom. */
const CHANGING_MS = 2_000;
const QUIET_MS = 30_000;
/** Of these the menu's jobs are taken. */
const LATEST_RUNS = 50;
const RECENT_JOBS = 8;

export interface StateFeedOptions {
  readonly api: RunningNatsjob['api'];
  readonly tell: (state: SchedulerState) => void;
  readonly happened: (happening: Happening) => void;
  /** Calls back once after the time; gives the way to call it off. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

/** Tells the state now, after changes and every half a minute, and what happens in between. Returns the way to stop. */
export function openStateFeed({ api, tell, happened, after }: StateFeedOptions): () => void {
  const tracker = runTracker();
  let isStopped = false;
  let isReading = false;
  let isChanged = false;
  let cancelNext = (): void => {};

  const plan = (ms: number): void => {
    cancelNext();
    if (!isStopped) cancelNext = after(ms, () => void read());
  };
  const read = async (): Promise<void> => {
    isReading = true;
    isChanged = false;
    const state = await readState(api).catch(() => undefined);
    isReading = false;
    if (isStopped) return;
    if (state) tell(state);
    plan(isChanged || !state ? CHANGING_MS : QUIET_MS);
  };
  const changed = (atOnce = false): void => {
    if (isReading) isChanged = true;
    else if (atOnce) plan(0);
    else if (!isChanged) {
      isChanged = true;
      plan(CHANGING_MS);
    }
  };
  const stopListening = api.onChange((change) => {
    if (change.type === 'run') {
      const happening = tracker.look(change.run);
      if (happening) happened(happening);
      changed();
    } else if (change.type === 'gap') {
      const { from, to, caughtUp, skipped, kind } = change.gap;
      happened({ kind: 'gap', from, to, caughtUp, skipped, asleep: kind === 'sleep' });
    } else {
      changed(change.type === 'pause');
    }
  });
  // What failed before this start is known to the view, so that its recovery is told, too.
  void api.looking.attention({}).then((items) => {
    for (const item of items) if (item.kind === 'failing') tracker.failing(`${item.namespace}.${item.app}.${item.job}`);
  }, () => undefined);
  void read();
  return () => {
    isStopped = true;
    stopListening();
    cancelNext();
  };
}

async function readState(api: RunningNatsjob['api']): Promise<SchedulerState> {
  const [overview, fires, latest] = await Promise.all([api.overview({}), api.looking.fires({ limit: 1 }), api.runs.list({}, { limit: LATEST_RUNS })]);
  const next = fires[0];
  const jobs = new Map<string, string>();
  for (const { namespace, app, job } of latest.items) {
    if (jobs.size < RECENT_JOBS) jobs.set(`${namespace}.${app}.${job}`, job);
  }
  const { running, queued, pause } = overview;
  return {
    running, queued, nextFire: next === undefined ? null : { at: next.at, job: next.job },
    pause: pause === null ? null : { since: pause.since, until: pause.until },
    recentJobs: [...jobs].map(([id, name]) => ({ id, name })),
  };
}
