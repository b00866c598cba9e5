import type { MemoryNats } from '../support/memory-nats.ts';
import { decodeDispatch, decodeEnd, decodeRunHeader, kvKey, parseEndKey, RESULTS_PREFIX } from '../../src-core/wire/index.ts';

interface OpenRun {
  readonly jobName: string;
  /** Fan-out: sub ids not answered yet. */
  readonly targets: Set<string>;
}

/**
 * Sees every message as a plain subscriber does, knows nothing of the scheduler's insides, and keeps count of what may
 * never happen.
 */
export class Witness {
  readonly violations: string[] = [];
  /** Run ids by job, of first messages. */
  readonly dispatched = new Map<string, string[]>();
  readonly #ids = new Map<string, number>();
  readonly #open = new Map<string, OpenRun>();
  readonly #limits: ReadonlyMap<string, number>;
  mostOpen = new Map<string, number>();

  constructor(nats: MemoryNats, limits: ReadonlyMap<string, number>) {
    this.#limits = limits;
    nats.listen((subject, text, headers) => {
      if (subject.startsWith(RESULTS_PREFIX)) this.#onEnd(kvKey(RESULTS_PREFIX, subject) ?? '', text, headers['Natsjob-Term'] !== undefined);
      else if (/^natsjob(-void)?\.job\.(start|pre-start|client-start|group-start)\./.test(subject)) this.#onDispatch(text, headers);
    });
  }

  #onDispatch(text: string, headers: Readonly<Record<string, string>>): void {
    const { taskId, jobName } = JSON.parse(text) as { taskId: string; jobName: string };
    const header = decodeRunHeader(headers['Natsjob-Run'] ?? '');
    const id = headers['Nats-Msg-Id'] ?? `void ${taskId}`;
    const seen = (this.#ids.get(id) ?? 0) + 1;
    this.#ids.set(id, seen);
    if (seen > 1) this.violations.push(`${jobName}: ${id} was dispatched ${seen} times`);
    if (header?.step === 2) return;
    if (seen === 1 && (header?.subId === undefined || header.subId === '1')) this.dispatched.set(jobName, [...(this.dispatched.get(jobName) ?? []), taskId]);
    const { runningCount } = decodeDispatch(text) ?? { runningCount: 0 };
    const limit = this.#limits.get(jobName);
    if (limit === undefined) return;
    if (runningCount >= limit) this.violations.push(`${jobName}: ${taskId} says ${runningCount} run already`);
    const open = this.#open.get(taskId) ?? { jobName, targets: new Set<string>() };
    if (header !== undefined && header.targets > 0) for (let number = 1; number <= header.targets; number++) open.targets.add(String(number));
    this.#open.set(taskId, open);
    const running = [...this.#open.values()].filter((run) => run.jobName === jobName).length;
    this.mostOpen.set(jobName, Math.max(running, this.mostOpen.get(jobName) ?? 0));
    if (running > limit) this.violations.push(`${jobName}: ${running} runs at once, ${limit} allowed`);
  }

  #onEnd(key: string, text: string, fromLeader: boolean): void {
    const place = parseEndKey(key);
    if (place === undefined) return;
    const end = decodeEnd(text, { allowNext: place.kind === 'pre-end', fromLeader });
    const open = this.#open.get(place.taskId);
    if (!end.ok || end.status === 'success:next' || open === undefined) return;
    open.targets.delete(place.subId ?? '');
    if (open.targets.size === 0) this.#open.delete(place.taskId);
  }
}
