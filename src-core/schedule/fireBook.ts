import { FireHeap } from './fireHeap.ts';
import { JobSet } from './jobSet.ts';
import type { Schedule } from './schedule.ts';

/** One moment and the jobs due at it. Two fires of one call may have the same moment. */
export interface DueFire<J> {
  /** Epoch ms. */
  readonly at: number;
  /** The jobs as they stood when they were taken: not changed by later calls. */
  readonly jobs: readonly J[];
}

const DEFAULT_LIMIT = 100_000;

/**
 * Which job fires when. Jobs with the same schedule key that wait for the same moment form one
 * group, and a group is one entry of the heap: 10,000 jobs on one expression cost one `next()` a fire.
 * A job is identified by itself (`===`): use its id.
 */
export class FireBook<J> {
  readonly #heap = new FireHeap<Group<J>>();
  /** Undefined for a job whose schedule has no fire left (or runs by hand only). */
  readonly #groupOf = new Map<J, Group<J> | undefined>();
  /** Groups of one key, linked by `sibling`: nearly always a single one. */
  readonly #byKey = new Map<string, Group<J>>();

  /** How many jobs are in the book, those without a next fire included. */
  get size(): number {
    return this.#groupOf.size;
  }

  /** Enters the job, or gives it another schedule. Its first fire is the first one after `after` (epoch ms). */
  set(job: J, schedule: Schedule, after: number): void {
    const at = schedule.next(after);
    this.#leave(job);
    this.#groupOf.set(job, at === undefined ? undefined : this.#enter(job, schedule, at));
  }

  /** Takes the job out; false when it was not in the book. */
  delete(job: J): boolean {
    this.#leave(job);
    return this.#groupOf.delete(job);
  }

  has(job: J): boolean {
    return this.#groupOf.has(job);
  }

  /** The earliest next fire of all jobs. */
  nextAt(): number | undefined {
    return this.#heap.peekAt();
  }

  nextFireOf(job: J): number | undefined {
    return this.#groupOf.get(job)?.at;
  }

  /**
   * Takes out the fires at or before `until`, earliest first, and moves their jobs on to their next
   * fires. Stops once `limit` job fires are taken (but takes at least one moment's group), so that a
   * long gap under `@every 1s` comes in portions: call again while `nextAt()` is not after `until`.
   */
  due(until: number, limit: number = DEFAULT_LIMIT): Array<DueFire<J>> {
    const fires: Array<DueFire<J>> = [];
    let taken = 0;
    for (let group = this.#heap.peek(); group !== undefined && group.at <= until && taken < limit; group = this.#heap.peek()) {
      const jobs = group.jobs.list();
      fires.push({ at: group.at, jobs });
      taken += jobs.length;
      this.#advance(group, group.at);
    }
    return fires;
  }

  /**
   * Passes over all fires at or before `until` without listing each, however many there are. Returns
   * one entry per group passed over: its first fire and its jobs. After a sleep: `skipTo(now - widest
   * misfire window)`, then `due(now)`.
   */
  skipTo(until: number): Array<DueFire<J>> {
    const passed: Array<DueFire<J>> = [];
    for (let group = this.#heap.peek(); group !== undefined && group.at <= until; group = this.#heap.peek()) {
      passed.push({ at: group.at, jobs: group.jobs.list() });
      this.#advance(group, until);
    }
    return passed;
  }

  #advance(group: Group<J>, after: number): void {
    const at = group.schedule.next(after);
    const twin = at === undefined ? undefined : this.#find(group.schedule.key, at);
    if (at !== undefined && twin === undefined) {
      group.at = at;
      this.#heap.replace(at, group);
      return;
    }
    this.#drop(group);
    for (const job of group.jobs.list()) {
      this.#groupOf.set(job, twin);
      twin?.jobs.add(job);
    }
  }

  #leave(job: J): void {
    const group = this.#groupOf.get(job);
    if (group === undefined) return;
    group.jobs.delete(job);
    if (group.jobs.size === 0) this.#drop(group);
  }

  #enter(job: J, schedule: Schedule, at: number): Group<J> {
    const known = this.#find(schedule.key, at);
    if (known !== undefined) {
      known.jobs.add(job);
      return known;
    }
    const group = { schedule, at, jobs: new JobSet(job), sibling: this.#byKey.get(schedule.key) };
    this.#byKey.set(schedule.key, group);
    this.#heap.push(at, group);
    return group;
  }

  #find(key: string, at: number): Group<J> | undefined {
    let group = this.#byKey.get(key);
    while (group !== undefined && group.at !== at) group = group.sibling;
    return group;
  }

  #drop(group: Group<J>): void {
    this.#heap.remove(group);
    const { key } = group.schedule;
    const first = this.#byKey.get(key);
    if (first === group) {
      if (group.sibling === undefined) this.#byKey.delete(key);
      else this.#byKey.set(key, group.sibling);
      return;
    }
    for (let other = first; other !== undefined; other = other.sibling) {
      if (other.sibling === group) other.sibling = group.sibling;
    }
  }
}

interface Group<J> {
  readonly schedule: Schedule;
  at: number;
  readonly jobs: JobSet<J>;
  sibling: Group<J> | undefined;
}
