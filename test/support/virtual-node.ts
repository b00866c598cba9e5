import type { Scheduler, SchedulerConfig } from '../../src-core/index.ts';
import { openScheduler } from '../../src-core/index.ts';
import { createLeaseStore } from '../../src-core/nats/lease-store.ts';
import type { Log, Machine, Metrics, Store } from '../../src-core/ports/index.ts';
import type { MemoryBus } from './memory-bus.ts';
import type { MemoryNats } from './memory-nats.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { ProcessClock } from './virtual-clock.ts';

export const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };
export const NO_MACHINE: Machine = {
  look: () => ({ ip: '', platform: 'memory', arch: 'none', cpuCount: 1, machineCpuPercent: undefined, machineMemoryBytes: 0, machineMemoryFreeBytes: 0, processCpuPercent: undefined, processMemoryBytes: 0 }),
};
export const UNMEASURED: Metrics = { fired() {}, dispatched() {}, skipped() {}, ended() {}, tick() {}, oddity() {} };

export interface VirtualNode {
  readonly scheduler: Scheduler;
  readonly clock: ProcessClock;
  readonly bus: MemoryBus;
  readonly oddities: Map<string, number>;
  /** Errors and warnings it logged. */
  readonly errors: { message: string; err: unknown }[];
  /** kill -9: nothing of it acts any more, what it sent has arrived. */
  crash(): Promise<void>;
}

export interface VirtualNodeParts {
  readonly clock: VirtualClock;
  readonly nats: MemoryNats;
  readonly store: Store;
  readonly random?: () => number;
  readonly config?: Partial<SchedulerConfig>;
}

let processes = 0;
/** What each node's data folder remembers; it lies beside its store. */
const PROCESSES = new WeakMap<Store, Map<string, string>>();

/** A scheduler as one process would run it, on virtual time and in memory. */
export function openNode({ clock, nats, store, random = () => 0.5, config = {} }: VirtualNodeParts): VirtualNode {
  const own = new ProcessClock(clock);
  const bus = nats.connect(own);
  const oddities = new Map<string, number>();
  const errors: { message: string; err: unknown }[] = [];
  let isDead = false;
  const nodeId = config.nodeId ?? 'node-1';
  const processId = `process-${++processes}`;
  const processBefore = lastProcess(store).get(nodeId) ?? '';
  lastProcess(store).set(nodeId, processId);
  const log: Log = {
    ...SILENT,
    error: (fields, message) => void errors.push({ message, err: (fields as { err?: unknown }).err }),
    child: () => log,
  };
  const scheduler = openScheduler(
    { nodeId, processId, processBefore, version: '0', host: 'here', pid: 1, timezone: 'UTC', retentionMs: 7 * 86_400_000, replicas: 1, logMaxBytes: 2 ** 30, ...config },
    {
      bus, leaseStore: createLeaseStore(bus), store: mortal(store, () => isDead), clock: own, random, log, machine: NO_MACHINE,
      metrics: { ...UNMEASURED, oddity: (kind) => void oddities.set(kind, (oddities.get(kind) ?? 0) + 1) },
    },
  );
  return {
    scheduler, clock: own, bus, oddities, errors,
    async crash() {
      isDead = true;
      own.kill();
      await bus.close();
    },
  };
}

function lastProcess(store: Store): Map<string, string> {
  const known = PROCESSES.get(store) ?? new Map<string, string>();
  PROCESSES.set(store, known);
  return known;
}

/** A store that a dead process reaches no more. */
function mortal(store: Store, isDead: () => boolean): Store {
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name) as unknown;
      if (!isMethod(method)) return method;
      return (...args: unknown[]) => (isDead() ? new Promise(() => {}) : method.apply(target, args));
    },
  });
}

function isMethod(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function';
}
