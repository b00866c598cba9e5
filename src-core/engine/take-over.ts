import type { LeaseValue } from '../domain/lease.ts';
import { sentBlindlyThrough } from '../domain/lease.ts';
import type { RunRecord } from '../domain/run.ts';
import type { Bus, FeedMessage } from '../ports/index.ts';
import { ASKED_PREFIX, FLOW_SUBJECT, MSG_ID_HEADER, parseRunId, RESULTS_STREAM, STREAM } from '../wire/index.ts';
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
  /** Answers up to here have been seen to; undefined = nobody led before. */
  readonly answeredThrough: number | undefined;
}

/** What the lease says of those who held it before; `beginsAt`: see ElectorEvents. */
export interface LeaseBefore {
  readonly previous: LeaseValue | undefined;
  readonly beginsAt: number | undefined;
}

const MAX_PAYLOAD_BYTES = 2_097_152;
/** Answers read before those in question: which one was the first on its key shows there. Without a lease, so much of the runs. */
const LOOK_BACK = 5000;

/**
 * Reads the log from where the lease's last holder was certain of it. Plain subscribers saw every message, so the
 * stream's own deduplication is not enough: what stands there must not be sent again.
 */
export async function readTakeOver(bus: Bus, nodeId: string, { previous, beginsAt }: LeaseBefore, now: number, find: (taskId: string) => Promise<RunRecord | undefined>): Promise<TakeOver> {
  // One whose holder had no time to find out how far firing is says as little as none.
  const lease = previous !== undefined && previous.watermark > 0 ? previous : undefined;
  const info = await bus.streamInfo(STREAM);
  const runsHead = info?.lastSequence ?? 0;
  const resultsHead = (await bus.streamInfo(RESULTS_STREAM))?.lastSequence ?? 0;
  const readAfter = lease === undefined ? Math.max(0, runsHead - LOOK_BACK) : after(lease.runsSequence, runsHead);
  const sentIds = new Set<string>();
  const addSent = (id: string): void => {
    sentIds.add(id);
    // Acceptances and messages to targets have ids made of their run's, which stands for the fire.
    const colon = id.indexOf(':');
    if (colon > 0) sentIds.add(id.slice(0, colon));
  };
  const flows = new Map<string, MonitorDue>();
  let answered: readonly MonitorDue[] = [];
  const seenTo = lease === undefined ? undefined : after(lease.resultsSequence, resultsHead);
  const readThrough = { runs: runsHead, results: resultsHead };
  await readFrom(bus, STREAM, readAfter + 1, (message) => {
    readThrough.runs = Math.max(readThrough.runs, message.sequence);
    const id = message.header(MSG_ID_HEADER);
    // What an asker chose for its own may be any text.
    if (id !== '' && !message.subject.startsWith(ASKED_PREFIX)) addSent(id);
    const due = message.subject === FLOW_SUBJECT ? flowMonitorOf(message) : undefined;
    if (due !== undefined) flows.set(due.messageId, due);
  });
  if (seenTo !== undefined) {
    const monitors = new DueMonitors(seenTo);
    await readFrom(bus, RESULTS_STREAM, Math.max(1, seenTo + 1 - LOOK_BACK), (message) => {
      // More may have come since the heads were asked for.
      readThrough.results = Math.max(readThrough.results, message.sequence);
      monitors.look(message);
    });
    answered = await monitors.due(find);
  }
  const sentThrough = latestFire(sentIds);
  return {
    // Without a lease firing goes on behind the latest fire that the log shows: what was missed since goes by the misfire policies.
    // Where the log shows none, from when somebody first took the lease that says nothing.
    watermark: lease?.watermark ?? Math.min(now, sentThrough === 0 ? (beginsAt ?? now) : sentThrough),
    // The clock of whoever led before was at least where the log's latest fire is.
    unknownThrough: Math.max(previous === undefined ? 0 : sentBlindlyThrough(previous, nodeId, now), lease === undefined ? now : 0, lease?.held === false ? 0 : sentThrough),
    sentIds, monitors: [...flows.values(), ...answered], runsHead, readThrough, sentThrough, readAfter, answeredThrough: seenTo,
  };
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
