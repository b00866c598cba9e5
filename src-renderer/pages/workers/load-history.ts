import type { WorkerResource } from '../../../src-core/http/contract.ts';
import { workerKey } from '../../state/worker-state.ts';

/** Five minutes of beats. */
const KEPT = 60;
const MOST_WORKERS = 5_000;

export interface LoadHistory {
  readonly cpu: readonly number[];
  readonly memory: readonly number[];
}

const NONE: LoadHistory = { cpu: [], memory: [] };

/** What the workers' processes used, beat by beat, as far as this page has seen it. */
export class LoadHistories {
  readonly #byKey = new Map<string, { lastSeenAt: string; cpu: number[]; memory: number[] }>();

  /** A beat that was seen already adds nothing. */
  add(workers: readonly WorkerResource[]): void {
    for (const worker of workers) {
      const key = workerKey(worker);
      let known = this.#byKey.get(key);
      if (known?.lastSeenAt === worker.lastSeenAt) continue;
      if (known === undefined) {
        if (this.#byKey.size >= MOST_WORKERS) this.#byKey.clear();
        known = { lastSeenAt: '', cpu: [], memory: [] };
        this.#byKey.set(key, known);
      }
      known.lastSeenAt = worker.lastSeenAt;
      put(known.cpu, leadingNumber(worker.processCpuUsage));
      put(known.memory, leadingNumber(worker.processMemoryRss));
    }
  }

  of(worker: WorkerResource): LoadHistory {
    return this.#byKey.get(workerKey(worker)) ?? NONE;
  }
}

function put(values: number[], value: number | undefined): void {
  if (value === undefined) return;
  values.push(value);
  if (values.length > KEPT) values.shift();
}

/** Workers word their usages freely ("12.5%", "48 MB", 0.3): the number it begins with, in its own unit. */
export function leadingNumber(text: string): number | undefined {
  const value = Number.parseFloat(text);
  return Number.isFinite(value) ? value : undefined;
}
