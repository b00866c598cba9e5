import type { LeaseValue } from '../domain/lease.ts';
import type { RunRecord } from '../domain/run.ts';
import type { Bus, FeedMessage, Store } from '../ports/index.ts';
import { FLOW_SUBJECT, MSG_ID_HEADER, parseRunId, RESULTS_STREAM, STREAM } from '../wire/index.ts';
import type { MonitorDue } from './due-monitors.ts';
import { DueMonitors, flowMonitorOf } from './due-monitors.ts';

/** What a new leader must know of what the one before did. */
export interface TakeOver {
  /** Fires up to here are decided. */
  readonly watermark: number;
  /** What it fired up to here without a log (lite) is not known: nothing when it stopped in good order. */
  readonly unknownThrough: number;
  /** Message ids, and ids of runs with any message, that reached the log after the last watermark: never sent again. */
  readonly sentIds: ReadonlySet<string>;
  /** Monitor messages that may be missing. */
  readonly monitors: readonly MonitorDue[];
  readonly runsHead: number;
  /** How far each stream was looked through for monitor messages: what comes behind follows by itself. */
  readonly readThrough: { readonly runs: number; readonly results: number };
  /** Latest fire among them, epoch ms, and where in the runs stream reading began. */
  readonly sentThrough: number;
  readonly readAfter: number;
  readonly highestRunId: string;
}

const MAX_PAYLOAD_BYTES = 2_097_152;
/** Answers read before those in question: which one was the first on its key shows there. */
const LOOK_BACK = 5000;

/**
 * Reads the log from where the lease's last holder was certain of it. Plain subscribers saw every message, so the
 * stream's own deduplication is not enough: what stands there must not be sent again.
 */
export async function readTakeOver(bus: Bus, store: Store, lease: LeaseValue | undefined, now: number, known: (taskId: string) => RunRecord | undefined): Promise<TakeOver> {
  const info = await bus.streamInfo(STREAM);
  const runsHead = info?.lastSequence ?? 0;
  const resultsHead = (await bus.streamInfo(RESULTS_STREAM))?.lastSequence ?? 0;
  const readAfter = lease === undefined ? runsHead : after(lease.runsSequence, runsHead);
  const sentIds = new Set<string>();
  const flows = new Map<string, MonitorDue>();
  let answered: readonly MonitorDue[] = [];
  const readThrough = { runs: runsHead, results: resultsHead };
  if (lease !== undefined) {
    await readFrom(bus, STREAM, readAfter + 1, (message) => {
      readThrough.runs = Math.max(readThrough.runs, message.sequence);
      const id = message.header(MSG_ID_HEADER);
      if (id !== '') sentIds.add(id);
      // Acceptances and messages to targets have ids made of their run's, which stands for the fire.
      const colon = id.indexOf(':');
      if (colon > 0) sentIds.add(id.slice(0, colon));
      const due = message.subject === FLOW_SUBJECT ? flowMonitorOf(message) : undefined;
      if (due !== undefined) flows.set(due.messageId, due);
    });
    const seenTo = after(lease.resultsSequence, resultsHead);
    const monitors = new DueMonitors(seenTo);
    await readFrom(bus, RESULTS_STREAM, Math.max(1, seenTo + 1 - LOOK_BACK), (message) => {
      // More may have come since the heads were asked for.
      readThrough.results = Math.max(readThrough.results, message.sequence);
      monitors.look(message);
    });
    answered = await monitors.due(known, store);
  }
  return { watermark: lease?.watermark ?? now, unknownThrough: lease?.held === true ? now : 0, sentIds, monitors: [...flows.values(), ...answered], runsHead, readThrough, sentThrough: latestFire(sentIds), readAfter, highestRunId: await store.highestRunId() };
}

function latestFire(ids: Iterable<string>): number {
  let latest = 0;
  for (const id of ids) {
    const parts = parseRunId(id);
    if (parts?.kind === 0 && parts.atMs > latest) latest = parts.atMs;
  }
  return latest;
}

/** A stream that ends before what the lease speaks of was made anew since: all of it is to be read. */
function after(sequence: number, head: number): number {
  return sequence > head ? 0 : sequence;
}

async function readFrom(bus: Bus, stream: string, from: number, onMessage: (message: FeedMessage) => void): Promise<void> {
  const feed = bus.openFeed({ stream, from, maxPayloadBytes: MAX_PAYLOAD_BYTES, onMessage, onLost: () => {} });
  try {
    await feed.caughtUp();
  } finally {
    await feed.stop();
  }
}
