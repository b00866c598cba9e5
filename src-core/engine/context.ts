import type { Bus, Clock, LeaseStore, Log, Machine, Metrics, Random, Store, StoreSize } from '../ports/index.ts';

/** What the scheduler needs to know; everything else it is given as an adapter. Times in ms. */
export interface SchedulerConfig {
  /** Stays the same over restarts of this installation, and no other node has it. */
  readonly nodeId: string;
  /** Another at each start, and nobody else's. */
  readonly processId: string;
  /** The name of the process that worked in this installation before; it is dead. '' = not known. */
  readonly processBefore: string;
  readonly version: string;
  readonly host: string;
  readonly pid: number;
  /** IANA zone of jobs without one, and of times on the wire. */
  readonly timezone: string;
  /** How long ended runs are kept. */
  readonly retentionMs: number;
  readonly replicas: number;
  /** Upper size of the runs stream. */
  readonly logMaxBytes: number;
  /** Upper size of the stream of reports; absent = 256 MiB. */
  readonly reportsMaxBytes?: number;
}

export interface Adapters {
  readonly bus: Bus;
  readonly leaseStore: LeaseStore;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly machine: Machine;
}

export interface EngineContext extends Adapters {
  readonly config: SchedulerConfig;
  /** As far as it is known; never rejects and never waits for long. */
  readonly viewSize: () => Promise<StoreSize>;
}
