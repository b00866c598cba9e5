import type { BookEntry } from '../decide/index.ts';
import type { LogPublisher } from '../ports/index.ts';
import { cancelSubject, clientEndKey, encodeEnd, endKey, preEndKey, RESULTS_PREFIX } from '../wire/index.ts';

/**
 * Ends that only the leader gives. They go to the very keys a worker would answer on, so that the order of the results
 * stream decides between them and a late answer.
 */
export class Ender {
  readonly #log: LogPublisher;

  constructor(log: LogPublisher) {
    this.#log = log;
  }

  /** `onFailed`: the log did not take one of the ends; try again later. */
  end(entry: BookEntry, status: 'expired' | 'cancelled', reason: string, onFailed: () => void): void {
    const text = encodeEnd({ status, reason, step: sentStep(entry) });
    for (const key of openKeys(entry)) {
      this.#log.publish({
        subject: RESULTS_PREFIX + key, text, id: `${key}:${status}`, runHeader: '', giveUpAt: Number.POSITIVE_INFINITY,
        onSettled: (sequence) => {
          if (sequence === 0) onFailed();
        },
      });
    }
  }

  /** Asks the worker to stop; workers that do not know the subject ignore it. */
  tellWorker(entry: BookEntry, reason: string, giveUpAt: number): void {
    const { id, namespace, app, job } = entry.record;
    this.#log.publish({
      subject: cancelSubject(namespace, app, job, id), text: JSON.stringify({ taskId: id, reason }), id: `${id}:cancel`, runHeader: '',
      giveUpAt, onSettled: () => {},
    });
  }
}

/** Whoever reads this end before the message that it follows has to wait for that one, or the two would tell different histories. */
function sentStep({ record, dispatching, nextSent }: BookEntry): number {
  if (record.step === 0) return dispatching ? 1 : 0;
  return record.step === 2 && nextSent ? 3 : record.step;
}

/** The keys on which the run, or each of its open targets, can still be answered. */
function openKeys({ record, targets }: BookEntry): readonly string[] {
  const { namespace, app, job, id } = record;
  if (targets !== undefined && record.state === 'active') {
    return [...targets.values()].filter((target) => target.endedAt === 0).map((target) => clientEndKey(namespace, app, job, id, String(target.number)));
  }
  if (record.category === 'map' && record.step < 2) return [preEndKey(namespace, app, job, id)];
  if (record.model === 'ultra' && record.state === 'active') return [clientEndKey(namespace, app, job, id, '1')];
  return [endKey(namespace, app, job, id)];
}
