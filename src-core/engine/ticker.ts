import type { SchedulerPause } from '../domain/pause.ts';
import type { CancelTimer, GapView } from '../ports/index.ts';
import type { DueFire } from '../schedule/index.ts';
import { planMisfires } from '../schedule/index.ts';
import type { EngineContext } from './context.ts';
import type { JobRuntime } from './job-runtime.ts';
import type { Jobs } from './jobs.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { MissedAround } from './missed-fires.ts';
import { missedAround, mostMadeUp } from './missed-fires.ts';

/** A gap between two ticks longer than this is a sleep, whatever the platform says. */
const SLEEP_GAP_MS = 5000;
const LONGEST_WAIT_MS = 1000;
/** How soon to look again while fires may not be decided. */
const BLOCKED_WAIT_MS = 100;
const FIRES_PER_TURN = 200;
/** Messages the log has not taken yet; beyond it fires wait their turn instead of piling up in memory. */
const MOST_UNSETTLED = 20_000;
/** After a sleep, workers get one heartbeat period to show that they live. */
const WORKERS_RETURN_MS = 5000;
const NORMAL_PRIORITY = 5;

interface QueuedFire {
  readonly at: number;
  readonly job: JobRuntime;
  /** `catch-up`: made up for after a gap, however short ago it was due. */
  readonly trigger: 'schedule' | 'catch-up';
}

/** Turns the book of fires into decisions, on time. One timer for all jobs. */
export class Ticker {
  readonly #context: EngineContext;
  readonly #jobs: Jobs;
  readonly #dispatcher: Dispatcher;
  readonly #mayFire: () => boolean;
  readonly #unsettled: () => number;
  readonly #missesWorkers: () => boolean;
  readonly #lastPause: () => SchedulerPause | undefined;
  readonly #caughtUp: (gap: GapView) => void;
  #cancel: CancelTimer = () => {};
  #stopped = true;
  /** Fires taken from the book and not decided yet. */
  #queue: QueuedFire[] = [];
  #queueFrom = 0;
  #lastTick = 0;
  #lastTickMonotonic = 0;
  #catchUpAt = 0;
  #isFirstTick = true;
  /** Of the gap that is being caught up with. */
  #gap: { -readonly [Field in keyof GapView]: GapView[Field] } | undefined;

  constructor(parts: {
    context: EngineContext; jobs: Jobs; dispatcher: Dispatcher; mayFire: () => boolean; unsettled: () => number; missesWorkers: () => boolean;
    /** Of the whole scheduler, over or not. */
    lastPause: () => SchedulerPause | undefined;
    /** Told once all fires of a gap are decided. */
    caughtUp: (gap: GapView) => void;
  }) {
    this.#context = parts.context;
    this.#jobs = parts.jobs;
    this.#dispatcher = parts.dispatcher;
    this.#mayFire = parts.mayFire;
    this.#unsettled = parts.unsettled;
    this.#missesWorkers = parts.missesWorkers;
    this.#lastPause = parts.lastPause;
    this.#caughtUp = parts.caughtUp;
  }

  /** All fires at or before this moment are decided. */
  get decidedThrough(): number {
    const next = this.#queue[this.#queueFrom];
    return next === undefined ? this.#jobs.decidedThrough : Math.min(this.#jobs.decidedThrough, next.at - 1);
  }

  /** Milliseconds since it last looked at the clock, free to fire. */
  age(): number {
    return this.#context.clock.monotonic() - this.#lastTickMonotonic;
  }

  /** Goes on from the watermark: fires after it are decided, by the misfire policies when it lies further back than a hiccup. */
  start(watermark: number): void {
    this.#stopped = false;
    this.#isFirstTick = true;
    this.#lastTick = watermark;
    this.#lastTickMonotonic = this.#context.clock.monotonic();
    this.#jobs.rewind(watermark);
    this.#tick();
  }

  /** What stands in line stays there: the lease says that it is not decided. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  /** A job came or changed: its first fire may be earlier than the timer. */
  wake(): void {
    if (this.#stopped || this.#queue.length > 0) return;
    this.#cancel();
    this.#arm(this.#context.clock.now());
  }

  #tick(): void {
    if (this.#stopped) return;
    const { clock, metrics } = this.#context;
    const now = clock.now();
    if (!this.#mayFire()) return this.#later(BLOCKED_WAIT_MS);
    this.#lastTickMonotonic = clock.monotonic();
    if (this.#catchUpAt === 0 && now - this.#lastTick > SLEEP_GAP_MS) {
      this.#gap = { kind: this.#isFirstTick ? 'away' : 'sleep', from: this.#lastTick, to: now, caughtUp: 0, skipped: 0 };
      const gap = { gapMs: now - this.#lastTick };
      if (this.#isFirstTick) this.#context.log.info(gap, 'nobody decided fires for a while: those in between go by each job\'s misfire policy');
      else this.#context.log.warn(gap, 'no tick for a while: fires in between go by each job\'s misfire policy');
      this.#catchUpAt = this.#missesWorkers() ? clock.monotonic() + WORKERS_RETURN_MS : clock.monotonic();
    }
    this.#isFirstTick = false;
    if (this.#catchUpAt > clock.monotonic()) return this.#later(BLOCKED_WAIT_MS);
    if (this.#catchUpAt !== 0) {
      this.#catchUpAt = 0;
      this.#lastTick = now;
      this.#catchUp(now);
    } else {
      const nextAt = this.#jobs.fires.nextAt();
      if (nextAt !== undefined && nextAt <= now) metrics.tick(now - nextAt);
      this.#lastTick = Math.max(this.#lastTick, now);
      this.#enqueue(this.#jobs.fires.due(now, FIRES_PER_TURN));
      const rest = this.#jobs.fires.nextAt();
      this.#jobs.decidedThrough = Math.max(this.#jobs.decidedThrough, rest !== undefined && rest <= now ? rest - 1 : now);
    }
    this.#work();
  }

  /** Decides a turn's worth of fires, then lets acknowledgements and answers in. */
  #work(): void {
    if (this.#stopped) return;
    const end = Math.min(this.#queue.length, this.#queueFrom + FIRES_PER_TURN);
    while (this.#queueFrom < end && this.#mayFire() && this.#unsettled() < MOST_UNSETTLED) {
      const { at, job, trigger } = this.#queue[this.#queueFrom++] as QueuedFire;
      // The definition may have changed while the fire stood in line.
      const current = this.#jobs.byNumber(job.number);
      if (current !== undefined) this.#count(trigger, this.#dispatcher.fire(current, at, trigger));
    }
    if (this.#queueFrom < this.#queue.length) {
      const blocked = !this.#mayFire() || this.#unsettled() >= MOST_UNSETTLED;
      if (blocked) this.#cancel = this.#context.clock.after(2, () => this.#work());
      else this.#context.clock.soon(() => this.#work());
      return;
    }
    this.#queue = [];
    this.#queueFrom = 0;
    this.#arm(this.#context.clock.now());
    if (this.#gap === undefined) return;
    this.#caughtUp({ ...this.#gap });
    this.#gap = undefined;
  }

  #count(trigger: QueuedFire['trigger'], outcome: ReturnType<Dispatcher['fire']>): void {
    if (this.#gap === undefined || trigger !== 'catch-up') return;
    if (outcome === 'taken') this.#gap.caughtUp++;
    else if (outcome === 'skipped') this.#gap.skipped++;
  }

  #enqueue(fires: readonly DueFire<JobRuntime>[]): void {
    let plain = true;
    for (const { at, jobs } of fires) {
      for (const job of jobs) {
        this.#queue.push({ at, job, trigger: 'schedule' });
        if (job.definition.priority !== NORMAL_PRIORITY) plain = false;
      }
    }
    if (!plain) this.#queue.sort(byMomentThenPriority);
  }

  /** Missed fires: each job's policy says which are made up for. */
  #catchUp(now: number): void {
    const known = new Map<string, MissedAround>();
    const pause = this.#lastPause();
    let late = 0;
    for (const { at: first, jobs } of this.#jobs.fires.skipTo(now)) {
      for (const job of jobs) {
        const most = mostMadeUp(job.definition.misfire);
        const key = `${first} ${most} ${job.schedule.key}`;
        const missed = known.get(key) ?? missedAround(job.schedule, first, now, most, pause);
        known.set(key, missed);
        const { run, skip } = planMisfires(missed.latest, job.definition.misfire, now);
        const misfired = missed.earlier + skip.length;
        if (misfired > 0) this.#dispatcher.skip(job, 'misfire', skip.at(-1) ?? first, misfired);
        if (missed.paused > 0) this.#dispatcher.skip(job, 'paused', missed.lastPaused, missed.paused);
        if (this.#gap !== undefined) this.#gap.skipped += misfired + missed.paused;
        for (const at of run) this.#queue.push({ at, job, trigger: 'catch-up' });
        late++;
      }
    }
    this.#queue.sort(byMomentThenPriority);
    this.#jobs.decidedThrough = Math.max(this.#jobs.decidedThrough, now);
    this.#context.log.info({ jobs: late, madeUp: this.#queue.length }, 'caught up after the gap');
  }

  #arm(now: number): void {
    const nextAt = this.#jobs.fires.nextAt();
    if (nextAt !== undefined && nextAt <= now) return this.#soon();
    const wait = nextAt === undefined ? LONGEST_WAIT_MS : Math.min(LONGEST_WAIT_MS, nextAt - now);
    this.#later(wait);
  }

  /** A timer takes a millisecond at least, in which nothing is fired though more is due. */
  #soon(): void {
    this.#cancel();
    let isWanted = true;
    this.#cancel = () => {
      isWanted = false;
    };
    this.#context.clock.soon(() => {
      if (isWanted) this.#tick();
    });
  }

  #later(wait: number): void {
    this.#cancel();
    this.#cancel = this.#context.clock.after(wait, () => this.#tick());
  }
}

/** Jobs due at the same moment go by priority, those of the same priority as they came. */
function byMomentThenPriority(a: QueuedFire, b: QueuedFire): number {
  return a.at - b.at || b.job.definition.priority - a.job.definition.priority;
}
