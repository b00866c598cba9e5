import type { Condition } from '../domain/job.ts';
import type { WorkerRecord } from '../domain/worker.ts';

/**
 * Picks the worker of a standalone ultra run. `candidates`: live, weight > 0, earliest registered first, undefined for an empty
 * list. `last`: whom the job chose last, be it a candidate now or not: rotation goes on behind it, by order of registration.
 */
export function chooseWorker(
  condition: Condition | '', candidates: readonly WorkerRecord[], last: Pick<WorkerRecord, 'id' | 'firstSeenAt'> | undefined, random: () => number,
): WorkerRecord | undefined {
  switch (condition) {
    case 'clientFirst':
      return candidates[0];
    case 'clientRandom':
      return candidates[Math.floor(random() * candidates.length)];
    case 'clientMaxWeight':
      return candidates.reduce<WorkerRecord | undefined>((best, worker) => (best === undefined || worker.weight > best.weight ? worker : best), undefined);
    default:
      return candidates.find((worker) => last !== undefined && isBehind(worker, last)) ?? candidates[0];
  }
}

function isBehind(worker: WorkerRecord, last: Pick<WorkerRecord, 'id' | 'firstSeenAt'>): boolean {
  return worker.firstSeenAt > last.firstSeenAt || (worker.firstSeenAt === last.firstSeenAt && worker.id > last.id);
}

/** The groups that workers name, each once, in order of first registration. */
export function groupsOf(workers: readonly WorkerRecord[]): readonly string[] {
  return [...new Set(workers.map((worker) => worker.group).filter((group) => group !== ''))];
}
