import { nanos } from '@nats-io/transport-node';
import { DiscardPolicy, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import type { StreamConfig } from '@nats-io/jetstream';
import type { BusObjectsOptions } from '../ports/bus.ts';
import { CONTROL_BUCKET, DEFINITIONS_BUCKET, HEARTBEAT_BUCKET, REPORTS_KEPT, REPORTS_STREAM, REPORTS_SUBJECTS, RESULTS_BUCKET, STREAM, STREAM_SUBJECTS, kvPrefix, kvStream } from '../wire/index.ts';

export type ObjectConfig = Partial<StreamConfig> & { readonly name: string; readonly subjects: string[] };

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
const DUPLICATE_WINDOW_MS = 120_000;

/** All the scheduler keeps in NATS, as protocol.md lists it. The runs stream last: its bound may take all the room there is. */
export function wantedObjects(options: BusObjectsOptions): readonly ObjectConfig[] {
  const { replicas } = options;
  return [
    bucketConfig(HEARTBEAT_BUCKET, { history: 1, ttlMs: 30 * SECOND_MS, replicas }),
    bucketConfig(RESULTS_BUCKET, { history: 8, ttlMs: DAY_MS, replicas }),
    bucketConfig(DEFINITIONS_BUCKET, { history: 8, ttlMs: 0, replicas }),
    bucketConfig(CONTROL_BUCKET, { history: 8, ttlMs: 0, replicas }),
    {
      name: STREAM,
      subjects: [...STREAM_SUBJECTS],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
      max_age: nanos(DAY_MS),
      max_bytes: options.maxBytes,
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
      allow_direct: true,
      num_replicas: replicas,
    },
  ];
}

/** What is good to have: the scheduler goes on without. */
export function wishedObjects({ replicas, reportsMaxBytes = 0 }: BusObjectsOptions): readonly ObjectConfig[] {
  if (reportsMaxBytes === 0) return [];
  return [
    {
      name: REPORTS_STREAM,
      subjects: [...REPORTS_SUBJECTS],
      retention: RetentionPolicy.Limits,
      storage: StorageType.File,
      discard: DiscardPolicy.Old,
      max_age: nanos(DAY_MS),
      max_bytes: reportsMaxBytes,
      max_msgs_per_subject: REPORTS_KEPT,
      allow_direct: true,
      num_replicas: replicas,
    },
  ];
}

/** The stream that every NATS client makes of such a bucket. */
function bucketConfig(bucket: string, { history, ttlMs, replicas }: { history: number; ttlMs: number; replicas: number }): ObjectConfig {
  return {
    name: kvStream(bucket),
    subjects: [`${kvPrefix(bucket)}>`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_msgs_per_subject: history,
    max_age: nanos(ttlMs),
    duplicate_window: nanos(ttlMs > 0 ? Math.min(ttlMs, DUPLICATE_WINDOW_MS) : DUPLICATE_WINDOW_MS),
    allow_rollup_hdrs: true,
    deny_delete: true,
    deny_purge: false,
    allow_direct: true,
    num_replicas: replicas,
  };
}
