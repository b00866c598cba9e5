import type { Bucket, Bus } from '../ports/index.ts';

/** As long as a run by hand may take. */
const PATIENCE_MS = 8_000;

/** For what somebody waits for: a NATS server that stands still for a moment is no reason to refuse it. */
export function bucketForPeople(bus: Pick<Bus, 'bucket'>, name: string): Bucket {
  return bus.bucket(name, { patienceMs: PATIENCE_MS });
}
