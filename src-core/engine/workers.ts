import { groupsOf } from '../decide/index.ts';
import type { WorkerRecord } from '../domain/worker.ts';
import { isLive, WORKER_SILENCE_MS, workerKey } from '../domain/worker.ts';
import type { Heartbeat } from '../wire/index.ts';

/** The live workers of one app, as decisions need them; earliest registered first. */
export interface AppWorkers {
  readonly live: readonly WorkerRecord[];
  /** Those with weight > 0 that are not drained. */
  readonly weighted: readonly WorkerRecord[];
  readonly groups: readonly string[];
  /** Runs at once, of all live ones together. */
  readonly capacity: number;
  /** How many of the live ones are drained. */
  readonly drained: number;
}

interface Cached extends AppWorkers {
  readonly validUntil: number;
}

const MOST_WORKERS = 20_000;
const FORGET_AFTER_MS = 24 * 3_600_000;
const NOBODY: AppWorkers = { live: [], weighted: [], groups: [], capacity: 0, drained: 0 };

/** Everybody whose heartbeat was seen lately. Bounded: beyond that many, new ones are refused. */
export class Workers {
  readonly #byKey = new Map<string, WorkerRecord>();
  readonly #byApp = new Map<string, WorkerRecord[]>();
  readonly #cache = new Map<string, Cached>();
  /** Known to be silent: told once. */
  readonly #lost = new Set<string>();
  /** By key; also of workers that are not known here. */
  readonly #drained = new Set<string>();

  get size(): number {
    return this.#byKey.size;
  }

  load(workers: readonly WorkerRecord[]): void {
    for (const worker of workers) this.#add({ ...worker });
  }

  /** All but who is drained: the view is to be read anew. */
  forget(): void {
    for (const all of [this.#byKey, this.#byApp, this.#cache, this.#lost]) all.clear();
  }

  /** Answers the record when something a person would notice changed (new, back, other weight …), undefined for a plain beat. */
  beat(heartbeat: Heartbeat, at: number): WorkerRecord | undefined | 'too-many' {
    const key = workerKey({ namespace: heartbeat.namespace, app: heartbeat.appName, id: heartbeat.id });
    const known = this.#byKey.get(key);
    if (known === undefined) {
      if (this.#byKey.size >= MOST_WORKERS) return 'too-many';
      const worker = { ...texts(heartbeat), id: heartbeat.id, namespace: heartbeat.namespace, app: heartbeat.appName, firstSeenAt: at, lastSeenAt: at };
      this.#add(worker);
      return worker;
    }
    const noticed = known.weight !== heartbeat.weight || known.capacity !== heartbeat.capacity || known.group !== heartbeat.group || known.ip !== heartbeat.ip || known.comment !== heartbeat.comment;
    const back = this.#lost.delete(key) || at - known.lastSeenAt >= WORKER_SILENCE_MS;
    Object.assign(known, texts(heartbeat));
    known.lastSeenAt = Math.max(known.lastSeenAt, at);
    if (!noticed && !back) return undefined;
    this.#cache.delete(appOf(known));
    return known;
  }

  ofApp(namespace: string, app: string, now: number): AppWorkers {
    const key = `${namespace}.${app}`;
    const cached = this.#cache.get(key);
    if (cached !== undefined && now < cached.validUntil) return cached;
    const all = this.#byApp.get(key);
    if (all === undefined) return NOBODY;
    const live = all.filter((worker) => isLive(worker, now));
    const validUntil = live.reduce((until, worker) => Math.min(until, worker.lastSeenAt + WORKER_SILENCE_MS), now + 1000);
    const ready = this.#drained.size === 0 ? live : live.filter((worker) => !this.#drained.has(workerKey(worker)));
    const workers = { live, weighted: ready.filter((worker) => worker.weight > 0), groups: groupsOf(live), capacity: live.reduce((sum, { capacity = 0 }) => sum + capacity, 0), drained: live.length - ready.length, validUntil };
    this.#cache.set(key, workers);
    return workers;
  }

  isDrained(key: string): boolean {
    return this.#drained.has(key);
  }

  get drained(): number {
    return this.#drained.size;
  }

  /** False when it was so already. */
  setDrained(key: string, drained: boolean): boolean {
    if (this.#drained.has(key) === drained) return false;
    if (drained) this.#drained.add(key);
    else this.#drained.delete(key);
    const worker = this.#byKey.get(key);
    if (worker !== undefined) this.#cache.delete(appOf(worker));
    return true;
  }

  get(key: string): WorkerRecord | undefined {
    return this.#byKey.get(key);
  }

  all(): Iterable<WorkerRecord> {
    return this.#byKey.values();
  }

  countLive(now: number): number {
    let count = 0;
    for (const worker of this.#byKey.values()) if (isLive(worker, now)) count++;
    return count;
  }

  /** Those that fell silent since the last sweep; forgets those silent for a day. */
  sweep(now: number): WorkerRecord[] {
    const lost: WorkerRecord[] = [];
    for (const [key, worker] of this.#byKey) {
      // The clock was set back: by what it said before, a worker would be live until it has come there again.
      if (worker.lastSeenAt > now) worker.lastSeenAt = now;
      if (isLive(worker, now)) continue;
      if (!this.#lost.has(key)) {
        this.#lost.add(key);
        this.#cache.delete(appOf(worker));
        lost.push(worker);
      } else if (now - worker.lastSeenAt > FORGET_AFTER_MS) {
        this.#remove(key, worker);
      }
    }
    return lost;
  }

  #add(worker: WorkerRecord): void {
    const app = appOf(worker);
    this.#byKey.set(workerKey(worker), worker);
    const list = this.#byApp.get(app) ?? [];
    list.splice(placeOf(list, worker), 0, worker);
    this.#byApp.set(app, list);
    this.#cache.delete(app);
  }

  #remove(key: string, worker: WorkerRecord): void {
    const app = appOf(worker);
    this.#byKey.delete(key);
    this.#lost.delete(key);
    const rest = (this.#byApp.get(app) ?? []).filter((other) => other !== worker);
    if (rest.length > 0) this.#byApp.set(app, rest);
    else this.#byApp.delete(app);
    this.#cache.delete(app);
  }
}

/** Where it stands among those registered before: a flood of new ones must not be sorted anew for each. */
function placeOf(list: readonly WorkerRecord[], worker: WorkerRecord): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = list[middle] as WorkerRecord;
    if (other.firstSeenAt < worker.firstSeenAt || (other.firstSeenAt === worker.firstSeenAt && other.id < worker.id)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function appOf(worker: { namespace: string; app: string }): string {
  return `${worker.namespace}.${worker.app}`;
}

function texts(heartbeat: Heartbeat): Omit<WorkerRecord, 'id' | 'namespace' | 'app' | 'firstSeenAt' | 'lastSeenAt'> {
  const { ip, comment, weight, capacity, group, machineCpuUsage, machineMemoryUsage, processCpuUsage, processMemoryRss } = heartbeat;
  return { ip, comment, weight, capacity, group, machineCpuUsage, machineMemoryUsage, processCpuUsage, processMemoryRss };
}
