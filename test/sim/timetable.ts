import type { Role } from './cast.ts';
import type { SeenFire } from './witness.ts';

/** Whether the job fires; `unsure` while a change is on its way to whoever leads. */
type Phase = 'off' | 'on' | 'unsure';

interface Stretch {
  readonly after: number;
  readonly phase: Phase;
}

/** How far the clocks of all nodes were apart, and when nothing was wrong. */
export interface Circumstances {
  readonly spreadMs: number;
  /** Who came to lead, when, and from which watermark: what lies in between is a gap to it, however much of it was fired. */
  readonly takeOvers: readonly { readonly at: number; readonly watermark: number }[];
  /** Fires that nobody can account for. */
  readonly unknown: readonly { readonly after: number; readonly through: number }[];
  /** Wall-clock times between which no fault was at work nor had been shortly before. */
  readonly calm: readonly { readonly from: number; readonly to: number }[];
}

/** A gap between two ticks from which on the misfire policy decides: design.md, section 4. */
const SLEEP_GAP_MS = 5000;
/** A new leader reads the log before its first tick, and waits a moment for its database and its workers. */
const BEGIN_MS = 6000;
const SLACK_MS = 400;

/**
 * What should have been fired, worked out from the schedule, from what people did to the job and from its misfire policy:
 * the promise as a user reads it, told without the scheduler's own code.
 */
export class Timetable {
  readonly role: Role;
  readonly #stretches: Stretch[] = [{ after: Number.NEGATIVE_INFINITY, phase: 'off' }];

  constructor(role: Role) {
    this.role = role;
  }

  /** Fires after this moment are decided with what people want from now on: perhaps, until it is known to all. */
  turn(after: number, phase: Phase): void {
    this.#stretches.push({ after, phase });
  }

  /** Sentences about fires that are missing, or should not be there. */
  check(seen: readonly SeenFire[], until: number, { spreadMs, takeOvers, calm, unknown }: Circumstances): string[] {
    const timed = this.role.timed;
    if (timed === undefined) return [];
    const { periodMs, policy, windowMs } = timed;
    const wrong: string[] = [];
    const say = (at: number, what: string): void => void wrong.push(`${this.role.name}: the fire of ${new Date(at).toISOString()} ${what}`);
    const sentAt = new Map<number, number>();
    for (const fire of seen) {
      if (!sentAt.has(fire.at)) sentAt.set(fire.at, fire.sentAt);
      if (fire.at % periodMs !== 0) say(fire.at, 'is none of its schedule');
      if (this.#phaseAt(fire.at) === 'off' && this.#phaseAt(fire.sentAt) === 'off') say(fire.at, 'was not wanted');
      const late = fire.sentAt - fire.at;
      if (!fire.isLate && late > Math.max(SLEEP_GAP_MS, windowMs) + spreadMs + SLACK_MS) say(fire.at, `was sent ${late} ms late`);
      if (late < -spreadMs) say(fire.at, `was sent ${-late} ms before its time`);
    }
    const first = this.#stretches.find(({ phase }) => phase === 'on')?.after ?? until;
    const youngest = policy === 'all' ? windowMs : SLEEP_GAP_MS - periodMs;
    const tolerance = spreadMs + SLACK_MS;
    const isInGap = (oldest: number, nextSent: number): boolean => takeOvers.some(({ at, watermark }) =>
      watermark < oldest && oldest < at + BEGIN_MS + tolerance && at <= nextSent + tolerance && Math.min(nextSent, at + BEGIN_MS) - watermark > SLEEP_GAP_MS - tolerance);
    let run: number[] = [];
    /** Lost: unless the next that was fired came so late that the policy let them go, from the first of them on. */
    const close = (nextSent: number): void => {
      const oldest = run[0] ?? nextSent;
      const isForgiven = nextSent - oldest >= youngest - tolerance || (policy !== 'all' && isInGap(oldest, nextSent));
      if (!isForgiven) for (const at of run) say(at, `is missing; the next was sent ${nextSent - at} ms after it`);
      else for (const at of run) if (calm.some(({ from, to }) => at > from + tolerance && at < to - tolerance)) say(at, 'is missing, and nothing was wrong then');
      run = [];
    };
    for (let at = (Math.floor(first / periodMs) + 1) * periodMs; at <= until; at += periodMs) {
      const sent = sentAt.get(at);
      if (sent !== undefined) close(sent);
      else if (this.#phaseAt(at) === 'on' && !unknown.some(({ after, through }) => at > after && at <= through)) run.push(at);
    }
    close(until);
    return wrong;
  }

  #phaseAt(at: number): Phase {
    for (let index = this.#stretches.length - 1; index >= 0; index--) {
      const stretch = this.#stretches[index] as Stretch;
      if (at > stretch.after) return stretch.phase;
    }
    return 'off';
  }
}
