import { UnavailableError } from '../../domain/errors.ts';
import type { RunRecord } from '../../domain/run.ts';
import type { StoredMessage } from '../../ports/index.ts';
import { isMessageOfRun, parseRunId, STREAM, subjectsOfRun } from '../../wire/index.ts';
import type { JobApiParts } from './api-parts.ts';

const MOST_MESSAGES = 200;
/** Messages of the job that are looked at in each stretch: it may fire a thousand times a second. */
const MOST_LOOKED_AT = 5_000;
const STRETCH_MS = 8_000;
/** The server's clock may differ from ours, and a message may have waited. */
const BEFORE_MS = 10_000;
const AFTER_MS = 30_000;

/** What the stream still has of what was sent for the run, in its order: read around the moments at which something was sent. Rejects with UnavailableError. */
export async function runMessages({ context: { bus, clock } }: JobApiParts, run: RunRecord): Promise<readonly StoredMessage[]> {
  const found: StoredMessage[] = [];
  for (const { from, to } of stretchesOf(run, clock.now())) {
    let lookedAt = 0;
    const isWhole = await bus.read({
      stream: STREAM, subjects: subjectsOfRun(run.namespace, run.app, run.job), storedFrom: from, limitMs: STRETCH_MS,
      onMessage: (message) => {
        if (message.storedAt > to) return false;
        if (isMessageOfRun(message, run.id)) found.push(message);
        return ++lookedAt < MOST_LOOKED_AT && found.length < MOST_MESSAGES;
      },
    });
    if (!isWhole) throw new UnavailableError(`NATS took longer than ${STRETCH_MS} ms to show what was sent for run ${run.id}.`);
  }
  return found;
}

/** When a run came to be, was sent and ended is known; of map the second step is sent in between. */
function stretchesOf(run: RunRecord, now: number): { from: number; to: number }[] {
  const begun = parseRunId(run.id)?.atMs ?? run.scheduledAt;
  const moments = [begun, run.dispatchedAt, run.endedAt].filter((at) => at > 0).sort((a, b) => a - b);
  if (run.category === 'map') return [{ from: moments[0]! - BEFORE_MS, to: (run.endedAt || now) + AFTER_MS }];
  const stretches: { from: number; to: number }[] = [];
  for (const at of moments) {
    const last = stretches.at(-1);
    if (last !== undefined && at - BEFORE_MS <= last.to) last.to = at + AFTER_MS;
    else stretches.push({ from: at - BEFORE_MS, to: at + AFTER_MS });
  }
  return stretches;
}
