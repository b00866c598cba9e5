/** How long a lease is good for after its last renewal, at the longest. */
export const LEASE_MS = 2000;

/** Who may fire, and how far firing has come; the value of the lease's bucket entry. */
export interface LeaseValue {
  readonly nodeId: string;
  /** Name of the holder's process: another for each start, while the node's stays. */
  readonly process?: string;
  /** Grows by one at each change of holder. */
  readonly term: number;
  /** The holder's wall clock when it wrote this (epoch ms): whoever comes next may have another time. */
  readonly at?: number;
  /** All fires at or before this moment (epoch ms) are decided, and what came of them is in the log; 0 = its holder found no lease and is still reading the log for it. */
  readonly watermark: number;
  /** Every message of a fire later than the watermark has a higher sequence in the runs stream. */
  readonly runsSequence: number;
  /** What followed from answers up to here is in the log too. */
  readonly resultsSequence: number;
  /** False once given up: the next node need not wait. */
  readonly held: boolean;
  /** Fires up to here (epoch ms) that leave no trace may have been sent by those who held it before, whatever the watermark says; 0 = none. */
  readonly blindThrough?: number;
  /** While the watermark is 0: when the lease was first taken so (epoch ms, the taker's wall clock). Who leads next begins here if the log shows no later fire. */
  readonly beginsAt?: number;
}

/**
 * A lease that is gone, as whoever takes it anew has to read what was last seen of it: others may have held it since, so
 * that it was given up then says nothing, nor does its holder's time.
 */
export function lastSeenOf(lease: LeaseValue, now: number): LeaseValue {
  return { ...lease, held: true, ...(lease.at === undefined ? {} : { at: Math.max(lease.at, now - LEASE_MS) }) };
}

/** Until when fires were decided by holders nobody knows of, if they led at all; undefined = the lease says how far firing is. */
export function beginningOf(lease: LeaseValue | undefined, now: number): number | undefined {
  if (lease === undefined) return now;
  return lease.watermark > 0 ? undefined : (lease.beginsAt ?? lease.at ?? now);
}

/** No fire due later than this (epoch ms) can have been sent without a trace by whoever held the lease so far. */
export function sentBlindlyThrough({ nodeId, at, held, blindThrough = 0 }: LeaseValue, ownNodeId: string, now: number): number {
  if (!held) return blindThrough;
  // Its holder fired by its own clock; our own process before this one was killed before now, by the same clock, unless that was set back.
  const isPast = at === undefined || (nodeId === ownNodeId && at <= now);
  return Math.max(blindThrough, isPast ? now : at + LEASE_MS);
}
