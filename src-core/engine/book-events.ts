import type { BookListener } from '../decide/index.ts';
import type { RunRecord } from '../domain/run.ts';
import type { EngineContext } from './context.ts';
import type { Leadership } from './leadership.ts';
import type { RunWaiters } from './run-waiters.ts';

export interface BookEventsParts {
  readonly metrics: EngineContext['metrics'];
  readonly leadership: () => Leadership | undefined;
  readonly ends: RunWaiters<RunRecord>;
  readonly logged: RunWaiters<true>;
  readonly monitored: BookListener['monitored'];
  /** On a node that does not lead. */
  readonly dispatchedElsewhere: (record: RunRecord) => void;
}

/** What follows on this node from what the book has read: whoever waits is told, and the leader acts. */
export function bookEvents({ metrics, leadership, ends, logged, monitored, dispatchedElsewhere }: BookEventsParts): BookListener {
  return {
    dispatched: (entry) => {
      const leader = leadership();
      if (leader === undefined) dispatchedElsewhere(entry.record);
      else leader.dispatched(entry);
      logged.tell(entry.record.id, () => true);
    },
    accepted: (entry, isAsked) => {
      leadership()?.accepted(entry, isAsked);
      logged.tell(entry.record.id, () => true);
    },
    nextStep: (entry) => leadership()?.nextStep(entry),
    ended: (entry) => {
      const { record } = entry;
      const leader = leadership();
      if (leader !== undefined) {
        const state = record.state as 'completed' | 'failed' | 'expired' | 'cancelled';
        metrics.ended(state, record.dispatchedAt === 0 ? 0 : Math.max(0, record.endedAt - record.dispatchedAt));
        leader.ended(entry);
      }
      ends.tell(record.id, () => ({ ...record }));
      logged.tell(record.id, () => true);
    },
    monitored,
    oddity: (kind) => metrics.oddity(kind),
  };
}
