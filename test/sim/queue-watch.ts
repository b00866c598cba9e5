import type { MemoryNats } from '../support/memory-nats.ts';
import type { AskedRun, RunHeader } from '../../src-core/wire/index.ts';
import { decodeRunHeader, decodeRunsRemoved, kvKey, parseEndKey, RESULTS_PREFIX } from '../../src-core/wire/index.ts';

/** What was longer on its way may arrive when the next leader has taken over. */
const PROMPT_MS = 250;
const FIRST_STEPS = /^natsjob\.job\.(start|pre-start|client-start|group-start)\./;
const JITTER = 0.1;

interface Own {
  readonly run: AskedRun;
  /** By the wall clock of the world. */
  readonly at: number;
}

export interface QueueWatchParts {
  readonly nats: MemoryNats;
  readonly time: { now(): number; monotonic(): number };
  /** The widest the nodes' clocks were ever apart, or were set. */
  readonly spreadMs: () => number;
  /** From when on nothing of the job may be sent: all nodes know it. */
  readonly offSince: (jobName: string) => number | undefined;
  readonly isLogLost: () => boolean;
}

/** Sees what was asked for with options of its own, what was cleaned away and what was stopped, and what was sent all the same. */
export class QueueWatch {
  readonly violations: string[] = [];
  /** Runs that the log says are gone. */
  readonly removed = new Set<string>();
  readonly sent = new Set<string>();
  readonly #own = new Map<string, Own>();
  /** First end that was seen of an attempt, by the monotonic clock; attempts by root and number. */
  readonly #endedAt = new Map<string, number>();
  readonly #attempts = new Map<string, string>();
  readonly #parts: QueueWatchParts;

  constructor(parts: QueueWatchParts) {
    this.#parts = parts;
    parts.nats.listen((subject, text, headers, sentAt) => {
      if (subject.startsWith('natsjob.run.removed.')) for (const id of decodeRunsRemoved(text)?.taskIds ?? []) this.removed.add(id);
      if (subject.startsWith(RESULTS_PREFIX)) this.#onEnd(parseEndKey(kvKey(RESULTS_PREFIX, subject) ?? '')?.taskId ?? '');
      if (FIRST_STEPS.test(subject)) this.#onDispatch(text, decodeRunHeader(headers['Natsjob-Run'] ?? ''), sentAt);
    });
  }

  asked(id: string, run: AskedRun, at: number): void {
    this.#own.set(id, { run, at });
  }

  hasOwnAttempts(id: string): boolean {
    return this.#own.get(id)?.run.attempts !== undefined;
  }

  #onEnd(taskId: string): void {
    if (!this.#endedAt.has(taskId)) this.#endedAt.set(taskId, this.#parts.time.monotonic());
  }

  #onDispatch(text: string, header: RunHeader | undefined, sentAt: number): void {
    const { time, isLogLost, offSince, spreadMs } = this.#parts;
    const { taskId, jobName } = JSON.parse(text) as { taskId: string; jobName: string };
    const isLate = time.monotonic() - sentAt > PROMPT_MS;
    const isFirst = !this.sent.has(taskId);
    this.sent.add(taskId);
    if (header === undefined || isLogLost() || isLate) return;
    const say = (what: string): void => void this.violations.push(`${jobName}: ${taskId} ${what}`);
    if (this.removed.has(taskId)) say('was sent after it had been cleaned away');
    if (!isFirst || header.step !== 1) return;
    const off = offSince(jobName);
    if (header.trigger === 'api' && off !== undefined && header.dispatchedAt > off + spreadMs() + PROMPT_MS) say(`was sent ${header.dispatchedAt - off} ms after its job had been stopped`);
    const root = header.rootTaskId ?? taskId;
    this.#attempts.set(`${root} ${header.attempt}`, taskId);
    const own = this.#own.get(root);
    if (own !== undefined) this.#checkOwn(own, header, root, sentAt, say);
  }

  #checkOwn({ run, at }: Own, header: RunHeader, root: string, sentAt: number, say: (what: string) => void): void {
    if (run.attempts !== undefined && (header.attempts !== run.attempts || header.attempt > run.attempts)) say(`is attempt ${header.attempt} of ${header.attempts}, ${run.attempts} were asked for`);
    if (header.priority !== run.priority) say(`has priority ${header.priority}, ${run.priority} was asked for`);
    if (run.timeoutMs !== undefined && header.expiresAt - header.dispatchedAt !== run.timeoutMs) say(`has ${header.expiresAt - header.dispatchedAt} ms, ${run.timeoutMs} were asked for`);
    const spreadMs = this.#parts.spreadMs();
    if (header.attempt === 1 && header.dispatchedAt < at + (run.delayMs ?? 0) - spreadMs) say(`was sent ${at + (run.delayMs ?? 0) - header.dispatchedAt} ms before its time`);
    const before = this.#endedAt.get(this.#attempts.get(`${root} ${header.attempt - 1}`) ?? '');
    if (run.backoff === undefined || before === undefined || spreadMs > 0) return;
    const leastMs = run.backoff.type === 'fixed' ? run.backoff.delayMs : run.backoff.delayMs * 2 ** (header.attempt - 2) * (1 - JITTER);
    if (sentAt - before < Math.floor(leastMs)) say(`was tried again after ${sentAt - before} ms, at least ${leastMs} were asked for`);
  }
}
