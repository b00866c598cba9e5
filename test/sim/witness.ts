import type { MemoryNats } from '../support/memory-nats.ts';
import { decodeDispatch, decodeEnd, decodeRunHeader, kvKey, parseEndKey, RESULTS_PREFIX } from '../../src-core/wire/index.ts';
import type { Role } from './cast.ts';
import type { CapacityWatch } from './capacity-watch.ts';
import type { LeaseWatch } from './lease-watch.ts';

/** What was longer on its way than this may arrive when the next leader has taken over: no sender can call it back. */
const PROMPT_MS = 250;
const FIRST_STEPS = /^natsjob(-void)?\.job\.(start|pre-start|client-start|group-start)\./;

interface OpenRun {
  readonly jobName: string;
  /** Fan-out: sub ids not answered yet. */
  readonly targets: Set<string>;
  /** It was asked for with; '' = none. */
  readonly key: string;
}

/** A fire that was seen, by the wall clock of the world, at the moment it was sent. */
export interface SeenFire {
  readonly at: number;
  readonly sentAt: number;
  readonly isLate: boolean;
}

/**
 * Sees every message as a plain subscriber does, knows nothing of the scheduler's insides, and keeps count of what may
 * never happen.
 */
export class Witness {
  readonly violations: string[] = [];
  /** Scheduled fires by job, in the order they came. */
  readonly fires = new Map<string, SeenFire[]>();
  /** Runs that a monitor message was seen for. */
  readonly monitored = new Set<string>();
  /** What a stream was deleted with is not known to any leader after that: it may be sent again. */
  isLogLost = false;
  /** Called before each message of a leader is looked at. */
  beforeEach: () => void = () => {};
  /** Whether whoever asked for the run said how often it may be tried. */
  hasOwnAttempts: (taskId: string) => boolean = () => false;
  /** Whether nothing is wrong nor has been shortly before. */
  isCalm: () => boolean = () => false;
  readonly #seen = new Map<string, boolean>();
  readonly #open = new Map<string, OpenRun>();
  readonly #begun = new Set<string>();
  readonly #roles: ReadonlyMap<string, Role>;
  readonly #leases: LeaseWatch;
  readonly #capacity: CapacityWatch;
  readonly #time: { now(): number; monotonic(): number };

  constructor(nats: MemoryNats, roles: readonly Role[], leases: LeaseWatch, capacity: CapacityWatch, time: { now(): number; monotonic(): number }) {
    this.#roles = new Map(roles.map((role) => [role.name, role]));
    this.#leases = leases;
    this.#capacity = capacity;
    this.#time = time;
    nats.listen((subject, text, headers, sentAt) => {
      const term = headers['Natsjob-Term'];
      if (term !== undefined) this.beforeEach();
      if (term !== undefined) this.#leases.sent(Number(term), sentAt, headers['Nats-Msg-Id'] ?? subject);
      if (subject.startsWith(RESULTS_PREFIX)) this.#onEnd(kvKey(RESULTS_PREFIX, subject) ?? '', text, term !== undefined);
      else if (FIRST_STEPS.test(subject)) this.#onDispatch(text, headers, sentAt);
      else if (subject === 'natsjob.job.monitor') this.#onMonitor(text, headers, sentAt);
    });
  }

  /** The same message twice: a second run to whoever subscribes. */
  #once(id: string, sentAt: number, what: string): boolean {
    const isLate = this.#time.monotonic() - sentAt > PROMPT_MS;
    const before = this.#seen.get(id);
    this.#seen.set(id, (before ?? false) || isLate);
    if (before !== undefined && !before && !isLate && !this.isLogLost) this.violations.push(`${what}: ${id} was sent twice`);
    return before === undefined;
  }

  #onDispatch(text: string, headers: Readonly<Record<string, string>>, sentAt: number): void {
    const { taskId, jobName, jobArgs } = JSON.parse(text) as { taskId: string; jobName: string; jobArgs: string };
    const header = decodeRunHeader(headers['Natsjob-Run'] ?? '');
    const isFirst = this.#once(headers['Nats-Msg-Id'] ?? `void ${taskId}`, sentAt, jobName);
    if (header?.step === 2) return;
    if (isFirst && (header?.subId === undefined || header.subId === '1')) this.#onFire(jobName, taskId, sentAt);
    const role = this.#roles.get(jobName);
    if (role?.keepsRows !== true) return;
    const limit = role.maxRunning || this.#capacity.most(jobName, this.isCalm());
    if (!this.hasOwnAttempts(header?.rootTaskId ?? taskId) && (header?.attempt ?? 1) > role.attempts) this.violations.push(`${jobName}: ${taskId} is attempt ${header?.attempt}, ${role.attempts} allowed`);
    const { runningCount } = decodeDispatch(text) ?? { runningCount: 0 };
    if (runningCount >= limit) this.violations.push(`${jobName}: ${taskId} says ${runningCount} run already`);
    // A message that came late was not to be seen by who counted then.
    const isLate = this.#time.monotonic() - sentAt > PROMPT_MS;
    if (isLate && !isFirst) return;
    // A fan-out's first message opens the run with all its targets; some may have ended when the last is sent.
    const key = jobArgs.startsWith('key ') ? jobArgs : '';
    if (!this.#begun.has(taskId)) this.#open.set(taskId, { jobName, key, targets: new Set(Array.from({ length: header?.targets ?? 0 }, (_, index) => String(index + 1))) });
    this.#begun.add(taskId);
    let running = 0;
    for (const [id, run] of this.#open) {
      if (run.jobName !== jobName) continue;
      running++;
      if (key !== '' && run.key === key && id !== taskId && !isLate && !this.isLogLost) this.violations.push(`${jobName}: ${id} and ${taskId} run at once with one key`);
    }
    if (running > limit && !isLate && !this.isLogLost) this.violations.push(`${jobName}: ${running} runs at once, ${limit} allowed`);
  }

  #onFire(jobName: string, taskId: string, sentAt: number): void {
    const at = fireOf(taskId);
    if (at === undefined) return;
    const fires = this.fires.get(jobName) ?? [];
    this.fires.set(jobName, fires);
    const onItsWay = this.#time.monotonic() - sentAt;
    fires.push({ at, sentAt: this.#time.now() - onItsWay, isLate: onItsWay > PROMPT_MS });
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

  #onMonitor(text: string, headers: Readonly<Record<string, string>>, sentAt: number): void {
    this.#once(headers['Nats-Msg-Id'] ?? '', sentAt, 'monitor');
    this.monitored.add((JSON.parse(text) as { taskId: string }).taskId);
  }
}

/** Of an id's 63 bits the upper 41 are milliseconds since 2020, the next says by hand: protocol and design, not the code. */
function fireOf(taskId: string): number | undefined {
  const bits = BigInt(taskId);
  if (((bits >> 21n) & 1n) === 1n) return undefined;
  return Number(bits >> 22n) + Date.UTC(2020, 0, 1);
}
