import type { AppDefinition, NamespaceDefinition, StoredJob } from '../domain/job.ts';
import { jobKey, upToDate } from '../domain/job.ts';
import type { DefinitionChange } from '../ports/index.ts';
import { boundSchedule } from '../schedule/bounded.ts';
import type { Schedule } from '../schedule/index.ts';
import { FireBook, parseSchedule, ScheduleCache, ScheduleError, spreadOffset } from '../schedule/index.ts';
import { JobRuntime } from './job-runtime.ts';
import { SortedKeys } from './sorted-keys.ts';

type Versioned<T> = T & { readonly version: number };

const SCHEDULES_CACHED = 200_000;

/**
 * All definitions in memory, as the definitions bucket has them, and the book of fires made of them.
 * Changed only by applying that bucket's log.
 */
export class Jobs {
  readonly fires = new FireBook<JobRuntime>();
  readonly namespaces = new Map<string, Versioned<NamespaceDefinition>>();
  /** By `namespace.app`. */
  readonly apps = new Map<string, Versioned<AppDefinition>>();
  readonly keys = new SortedKeys();
  readonly #byKey = new Map<string, JobRuntime>();
  readonly #byNumber = new Map<number, JobRuntime>();
  /** Entries whose number another address took over, by number: back again if that one goes. */
  readonly #displaced = new Map<number, StoredJob>();
  readonly #schedules = new ScheduleCache(SCHEDULES_CACHED);
  readonly #timezone: string;
  /** Fires up to here are decided: a job that comes or changes starts after it. */
  decidedThrough = 0;

  constructor(timezone: string) {
    this.#timezone = timezone;
  }

  get size(): number {
    return this.#byKey.size;
  }

  byKey(key: string): JobRuntime | undefined {
    return this.#byKey.get(key);
  }

  byNumber(number: number): JobRuntime | undefined {
    return this.#byNumber.get(number);
  }

  /** `namespace.app.name`, or the opaque id. */
  find(id: string): JobRuntime | undefined {
    return /^\d{1,7}$/.test(id) ? this.#byNumber.get(Number(id)) : this.#byKey.get(id);
  }

  all(): Iterable<JobRuntime> {
    return this.#byKey.values();
  }

  /** The view is to be read anew. */
  forget(): void {
    for (const job of this.#byKey.values()) this.fires.delete(job);
    for (const all of [this.namespaces, this.apps, this.#byKey, this.#byNumber, this.#displaced]) all.clear();
    this.keys.reset([]);
  }

  /** Applies many at once: keys are sorted at the end only. */
  load(jobs: readonly StoredJob[]): void {
    for (const { definition, version } of jobs) this.#put({ definition: upToDate(definition), version }, false);
    this.keys.reset([...this.#byKey.keys()]);
  }

  /** Answers the number of the job that is gone with it. One that moved is not. */
  apply(change: DefinitionChange): number | undefined {
    if (change.kind === 'namespace') setOrDelete(this.namespaces, change.name, change.value);
    else if (change.kind === 'app') setOrDelete(this.apps, `${change.namespace}.${change.name}`, change.value);
    else if (change.value === null) return this.#withdraw(jobKey(change));
    else this.#put(change.value, true);
    return undefined;
  }

  /** Puts every job at its first fire after the moment. */
  rewind(after: number): void {
    this.decidedThrough = after;
    for (const job of this.#byKey.values()) this.#enter(job);
  }

  /** Passes over what is due: while this node does not lead nobody decides it here, and next fires are asked for all the same. */
  follow(now: number): void {
    this.fires.skipTo(now);
  }

  /** The schedule a definition means, bounds and spread included. Throws ScheduleError. */
  scheduleOf(stored: StoredJob): Schedule {
    const { schedule, anchor } = stored.definition;
    const parsed = this.#schedules.get({
      expression: schedule.expression, timezone: schedule.timezone || this.#timezone, dst: schedule.dst, anchor,
      ownTimezone: schedule.timezone !== '',
    });
    return boundSchedule(parsed, {
      offsetMs: spreadOffset(jobKey(stored.definition), schedule.jitterMs), startAt: schedule.startAt, endAt: schedule.endAt,
    });
  }

  #put(stored: StoredJob, sorted: boolean): void {
    const key = jobKey(stored.definition);
    const before = this.#byKey.get(key);
    const moved = this.#displace(stored, key);
    const job = new JobRuntime(stored, this.#readable(stored), before ?? moved);
    if (before !== undefined) {
      this.fires.delete(before);
      this.#byNumber.delete(before.number);
    } else if (sorted) {
      this.keys.add(key);
    }
    this.#byKey.set(key, job);
    this.#byNumber.set(job.number, job);
    this.#enter(job);
  }

  /** A job that moved keeps its number: the entry at its old address is on its way out. */
  #displace(stored: StoredJob, key: string): JobRuntime | undefined {
    const namesake = this.#byNumber.get(stored.definition.number);
    if (namesake === undefined || namesake.key === key) return undefined;
    this.#remove(namesake.key);
    this.#displaced.set(namesake.number, namesake.stored);
    return namesake;
  }

  /** The entry is gone: a move is complete, or one was taken back. */
  #withdraw(key: string): number | undefined {
    const job = this.#byKey.get(key);
    if (job === undefined) {
      for (const [number, stored] of this.#displaced) if (jobKey(stored.definition) === key) this.#displaced.delete(number);
      return undefined;
    }
    this.#remove(key);
    const stored = this.#displaced.get(job.number);
    this.#displaced.delete(job.number);
    if (stored === undefined) return job.number;
    this.#put(stored, true);
    return undefined;
  }

  #remove(key: string): void {
    const job = this.#byKey.get(key);
    if (job === undefined) return;
    this.fires.delete(job);
    this.#byKey.delete(key);
    this.#byNumber.delete(job.number);
    this.keys.delete(key);
  }

  #enter(job: JobRuntime): void {
    if (job.definition.state === 'disabled' || job.schedule.kind === 'manual') this.fires.delete(job);
    else this.fires.set(job, job.schedule, Math.max(this.decidedThrough, job.definition.anchor));
  }

  /** An entry somebody wrote past our checks must not stop the others: without a schedule it runs by hand only. */
  #readable(stored: StoredJob): Schedule {
    try {
      return this.scheduleOf(stored);
    } catch (error) {
      if (!(error instanceof ScheduleError)) throw error;
      return parseSchedule({ expression: '', timezone: this.#timezone, dst: 'once', anchor: 0 });
    }
  }
}

function setOrDelete<T>(map: Map<string, T>, key: string, value: T | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}
