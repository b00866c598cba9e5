import type { RunRecord } from '../domain/run.ts';
import { isFinal } from '../domain/run.ts';
import type { FeedMessage } from '../ports/index.ts';
import type { EndKey } from '../wire/index.ts';
import { decodeEnd, decodeFlow, kvKey, parseEndKey, RESULTS_PREFIX } from '../wire/index.ts';

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

interface Candidate {
  readonly key: EndKey;
  readonly sequence: number;
  readonly storedAt: number;
  readonly words: MonitorWords;
  readonly isFirst: boolean;
}

/**
 * Finds, among answers read again at a take-over, those that count and ask for a monitor message. Only the first answer
 * on a key counts (each one of a broadcast): so reading begins well before the answers in question, and what the view
 * knows of the run decides where the first one lies further back still.
 */
export class DueMonitors {
  readonly #after: number;
  readonly #seen = new Set<string>();
  readonly #candidates: Candidate[] = [];

  /** Answers up to this sequence have been seen to. */
  constructor(after: number) {
    this.#after = after;
  }

  look(message: FeedMessage): void {
    const key = parseEndKey(kvKey(RESULTS_PREFIX, message.subject) ?? '');
    if (key === undefined) return;
    const end = decodeEnd(message.text, { allowNext: key.kind === 'pre-end', fromLeader: true });
    if (!end.ok) return;
    const isFirst = !this.#seen.has(message.subject);
    this.#seen.add(message.subject);
    if (end.monitorStatus === '' || message.sequence <= this.#after) return;
    this.#candidates.push({ key, sequence: message.sequence, storedAt: message.storedAt, words: end, isFirst });
  }

  /** `find`: the run as this node has it open, or the view; undefined = neither knows it, or the view does not answer. */
  async due(find: (taskId: string) => Promise<RunRecord | undefined>): Promise<readonly MonitorDue[]> {
    const due: MonitorDue[] = [];
    for (const candidate of this.#candidates) {
      const { key, sequence, words } = candidate;
      const run = await find(key.taskId);
      const isBroadcast = run?.category === 'broadcast' && run.model !== 'ultra';
      const counts = candidate.isFirst && !endedBefore(run, candidate);
      if (!counts && !isBroadcast) continue;
      const isTarget = run !== undefined && run.targets > 0;
      due.push({
        run: { id: key.taskId, namespace: key.ns, app: key.app, job: key.job },
        subId: counts ? (isTarget ? (key.subId ?? '') : '') : `a${sequence}`, end: words, messageId: monitorMessageId(sequence),
      });
    }
    return due;
  }
}

/** The id of the monitor message that follows from the answer at this sequence of the results stream. */
export function monitorMessageId(resultsSequence: number): string {
  return `monitor:r${resultsSequence}`;
}

/** The same for a flow report, by its sequence in the runs stream. */
export function flowMonitorId(runsSequence: number): string {
  return `monitor:f${runsSequence}`;
}

export function flowMonitorOf(message: FeedMessage): MonitorDue | undefined {
  // Times do not matter here, so neither does the zone.
  const flow = decodeFlow(message.text, () => 0);
  if (!flow.ok || flow.report.monitorStatus === '') return undefined;
  const { taskId: id, namespace, appName: app, jobName: job } = flow.report;
  return { run: { id, namespace, app, job }, subId: `f${message.sequence}`, end: flow.report, messageId: flowMonitorId(message.sequence) };
}

/** The run had ended by another answer. A target's end says nothing of the others'. */
function endedBefore(run: RunRecord | undefined, { key, storedAt }: Candidate): boolean {
  if (run === undefined || !isFinal(run.state) || run.targets > 0 || key.kind === 'pre-end') return false;
  return run.endedAt < storedAt;
}
