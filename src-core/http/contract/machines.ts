import type { Role, Time } from './resources.ts';

export interface WorkerResource {
  readonly id: string;
  readonly namespace: string;
  readonly app: string;
  readonly ip: string;
  readonly comment: string;
  readonly weight: number;
  /** Runs it takes at once; 0 when its heartbeats do not say. */
  readonly capacity: number;
  readonly group: string;
  readonly live: boolean;
  /** Taken out of the routing by a person: as if its weight were 0, until it is put back. */
  readonly drained: boolean;
  /** Open runs that name it, and open targets of fan-outs. */
  readonly running: number;
  /** Of its last runs of the last 24 hours, at most 1,000 looked at; targets of fan-outs are not among them. */
  readonly ended24h: number;
  readonly failed24h: number;
  readonly machineCpuUsage: string;
  readonly machineMemoryUsage: string;
  readonly processCpuUsage: string;
  readonly processMemoryRss: string;
  readonly firstSeenAt: Time;
  readonly lastSeenAt: Time;
}

/** PATCH of a worker. */
export type WorkerPatch = { readonly drained: boolean };

export interface ServerResource {
  readonly id: string;
  readonly role: Role;
  readonly term: number;
  readonly version: string;
  readonly startedAt: Time;
  readonly natsUrl: string;
  readonly natsConnected: boolean;
  readonly natsRoundTripMs: number | null;
  readonly host: string;
  readonly pid: number;
  readonly databaseBytes: number;
  readonly walBytes: number;
  readonly projectionLag: number;
  /** Messages of the log that it has not read yet; null while NATS does not tell. */
  readonly lag: number | null;
  /** Of another server: when it last wrote of itself, which it does every five seconds. */
  readonly lastSeenAt: Time;
  readonly ip: string;
  readonly platform: string;
  readonly arch: string;
  readonly cpuCount: number;
  /** 0–100 over the last seconds; null before two looks. */
  readonly machineCpuPercent: number | null;
  readonly machineMemoryBytes: number;
  readonly machineMemoryFreeBytes: number;
  /** 100 = one core; null before two looks. */
  readonly processCpuPercent: number | null;
  readonly processMemoryBytes: number;
  readonly jobs: number;
  readonly apps: number;
  readonly openRuns: number;
  readonly openSubRuns: number;
  /** Ends and dispatches read from the log and not in the view yet. */
  readonly pendingWrites: number;
  /** Since it last looked at the clock for fires; null while it does not lead. */
  readonly tickAgeMs: number | null;
}
