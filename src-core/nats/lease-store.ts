import type { LeaseValue } from '../domain/lease.ts';
import type { Bus } from '../ports/bus.ts';
import type { LeaseEntry, LeaseStore } from '../ports/lease-store.ts';
import { CONTROL_BUCKET, LEASE_KEY } from '../wire/index.ts';

/** Somebody wrote something into the lease's entry that is not a lease: nobody can lead until it is deleted. */
export class BrokenLeaseError extends Error {
  override readonly name = 'BrokenLeaseError';
  constructor(cause?: unknown) {
    super(`Key "${LEASE_KEY}" of bucket ${CONTROL_BUCKET} holds no lease: delete it (nats kv del ${CONTROL_BUCKET} ${LEASE_KEY}).`, { cause });
  }
}

/** The lease on one entry of the control bucket. `read` rejects with BrokenLeaseError when it holds something else. */
export function createLeaseStore(bus: Bus): LeaseStore {
  const bucket = bus.bucket(CONTROL_BUCKET);
  return {
    async read(): Promise<LeaseEntry | undefined> {
      const entry = await bucket.get(LEASE_KEY);
      return entry === undefined ? undefined : { value: parseLease(entry.text), revision: entry.revision };
    },
    write: (value, revision) => bucket.compareAndSet(LEASE_KEY, JSON.stringify(value), revision),
  };
}

function parseLease(text: string): LeaseValue {
  let value: Partial<Record<keyof LeaseValue, unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch (error) {
    throw new BrokenLeaseError(error);
  }
  if (typeof value !== 'object' || value === null) throw new BrokenLeaseError();
  const { nodeId, process, term, watermark, runsSequence, resultsSequence, held, at, blindThrough, beginsAt } = value;
  if (typeof nodeId !== 'string' || !isCount(term) || !isCount(watermark) || !isCount(runsSequence) || !isCount(resultsSequence) || typeof held !== 'boolean') {
    throw new BrokenLeaseError();
  }
  return { nodeId, ...(typeof process === 'string' ? { process } : {}), term, watermark, runsSequence, resultsSequence, held, ...(isCount(at) ? { at } : {}), ...(isCount(blindThrough) ? { blindThrough } : {}), ...(isCount(beginsAt) ? { beginsAt } : {}) };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
