import type { Condition } from '../domain/job.ts';
import type { WorkerRecord } from '../domain/worker.ts';

/**
 * Picks the worker of a standalone ultra run. `candidates`: live, weight > 0, earliest registered first.
 * `turn` counts the picks of this job, so that rotation goes on where it was; undefined for an empty list.
 */
export function chooseWorker(
  condition: Condition | '', candidates: readonly WorkerRecord[], turn: number, random: () => number,
): WorkerRecord | undefined {
  switch (condition) {
    case 'clientFirst':
      return candidates[0];
    case 'clientRandom':
      return candidates[Math.floor(random() * candidates.length)];
    case 'clientMaxWeight':
      return candidates.reduce<WorkerRecord | undefined>((best, worker) => (best === undefined || worker.weight > best.weight ? worker : best), undefined);
    default:
      return candidates[turn % Math.max(1, candidates.length)];
  }
}

/** The groups that workers name, each once, in order of first registration. */
export function groupsOf(workers: readonly WorkerRecord[]): readonly string[] {
  return [...new Set(workers.map((worker) => worker.group).filter((group) => group !== ''))];
}
