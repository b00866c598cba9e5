import type { LeaseValue } from '../domain/lease.ts';
import type { Bus, FeedMessage, Store } from '../ports/index.ts';
import { decodeEnd, decodeFlow, FLOW_SUBJECT, kvKey, MSG_ID_HEADER, parseEndKey, parseRunId, RESULTS_PREFIX, RESULTS_STREAM, STREAM } from '../wire/index.ts';

/** What an answer or a flow report says to those who watch. */
export interface MonitorWords {
  readonly status: string;
  readonly reason: string;
  readonly monitorStatus: string;
  readonly monitorPayload: string;
}

/** An answer that asks for a monitor message, and the id that message has. */
export interface MonitorDue {
  readonly run: { readonly id: string; readonly namespace: string; readonly app: string; readonly job: string };
  readonly subId: string;
  readonly end: MonitorWords;
  readonly messageId: string;
}

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
  /** Latest fire among them, epoch ms, and where in the runs stream reading began. */
  readonly sentThrough: number;
  readonly readAfter: number;
  readonly highestRunId: string;
}

const MAX_PAYLOAD_BYTES = 2_097_152;

/**
 * Reads the log from where the lease's last holder was certain of it. Plain subscribers saw every message, so the
 * stream's own deduplication is not enough: what stands there must not be sent again.
 */
export async function readTakeOver(bus: Bus, store: Store, lease: LeaseValue | undefined, now: number): Promise<TakeOver> {
  const info = await bus.streamInfo(STREAM);
  const runsHead = info?.lastSequence ?? 0;
  const resultsHead = (await bus.streamInfo(RESULTS_STREAM))?.lastSequence ?? 0;
  const readAfter = lease === undefined ? runsHead : after(lease.runsSequence, runsHead);
  const sentIds = new Set<string>();
  const monitors = new Map<string, MonitorDue>();
  if (lease !== undefined) {
    await readFrom(bus, STREAM, readAfter + 1, (message) => {
      const id = message.header(MSG_ID_HEADER);
      if (id !== '') sentIds.add(id);
      // Acceptances and messages to targets have ids made of their run's, which stands for the fire.
      const colon = id.indexOf(':');
      if (colon > 0) sentIds.add(id.slice(0, colon));
      const due = message.subject === FLOW_SUBJECT ? flowMonitorOf(message) : undefined;
      if (due !== undefined) monitors.set(due.messageId, due);
    });
    await readFrom(bus, RESULTS_STREAM, after(lease.resultsSequence, resultsHead) + 1, (message) => {
      const due = monitorOf(message);
      if (due !== undefined && !monitors.has(message.subject)) monitors.set(message.subject, due);
    });
  }
  return { watermark: lease?.watermark ?? now, unknownThrough: lease?.held === true ? now : 0, sentIds, monitors: [...monitors.values()], runsHead, sentThrough: latestFire(sentIds), readAfter, highestRunId: await store.highestRunId() };
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

/** The id of the monitor message that follows from the answer at this sequence of the results stream. */
export function monitorMessageId(resultsSequence: number): string {
  return `monitor:r${resultsSequence}`;
}

/** The same for a flow report, by its sequence in the runs stream. */
export function flowMonitorId(runsSequence: number): string {
  return `monitor:f${runsSequence}`;
}

async function readFrom(bus: Bus, stream: string, from: number, onMessage: (message: FeedMessage) => void): Promise<void> {
  const feed = bus.openFeed({ stream, from, maxPayloadBytes: MAX_PAYLOAD_BYTES, onMessage, onLost: () => {} });
  try {
    await feed.caughtUp();
  } finally {
    await feed.stop();
  }
}

function monitorOf(message: FeedMessage): MonitorDue | undefined {
  if (!message.text.includes('onitor')) return undefined;
  const key = parseEndKey(kvKey(RESULTS_PREFIX, message.subject) ?? '');
  if (key === undefined) return undefined;
  const end = decodeEnd(message.text, { allowNext: key.kind === 'pre-end', fromLeader: false });
  if (!end.ok || end.monitorStatus === '') return undefined;
  return {
    run: { id: key.taskId, namespace: key.ns, app: key.app, job: key.job }, subId: key.subId ?? '', end,
    messageId: monitorMessageId(message.sequence),
  };
}

function flowMonitorOf(message: FeedMessage): MonitorDue | undefined {
  // Times do not matter here, so neither does the zone.
  const flow = decodeFlow(message.text, () => 0);
  if (!flow.ok || flow.report.monitorStatus === '') return undefined;
  const { taskId: id, namespace, appName: app, jobName: job } = flow.report;
  return { run: { id, namespace, app, job }, subId: `f${message.sequence}`, end: flow.report, messageId: flowMonitorId(message.sequence) };
}
