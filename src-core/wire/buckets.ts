/** Names of the stream and the key-value buckets. Source: `protocol.md`, "Objects in NATS". */

export const STREAM = 'natsjob';
export const STREAM_SUBJECTS: readonly string[] = ['natsjob.>'];

export const RESULTS_BUCKET = 'natsjob-job-results';
export const HEARTBEAT_BUCKET = 'natsjob-heartbeat';
/** Ours: namespaces, apps and jobs, one entry each. */
export const DEFINITIONS_BUCKET = 'natsjob-definitions';
/** Ours: the leader's lease and what else the nodes agree on. */
export const CONTROL_BUCKET = 'natsjob-control';
/** Ours: what workers share, without a scheduler: locks, status, checkpoints. */
export const WORKER_BUCKET = 'natsjob-worker';

export const RESULTS_STREAM = kvStream(RESULTS_BUCKET);
export const HEARTBEAT_STREAM = kvStream(HEARTBEAT_BUCKET);
export const DEFINITIONS_STREAM = kvStream(DEFINITIONS_BUCKET);
export const CONTROL_STREAM = kvStream(CONTROL_BUCKET);
export const WORKER_STREAM = kvStream(WORKER_BUCKET);

export const RESULTS_PREFIX = kvPrefix(RESULTS_BUCKET);
export const HEARTBEAT_PREFIX = kvPrefix(HEARTBEAT_BUCKET);
export const DEFINITIONS_PREFIX = kvPrefix(DEFINITIONS_BUCKET);
export const CONTROL_PREFIX = kvPrefix(CONTROL_BUCKET);
export const WORKER_PREFIX = kvPrefix(WORKER_BUCKET);

/** The stream behind a bucket. */
export function kvStream(bucket: string): string {
  return `KV_${bucket}`;
}

/** What stands before a key in the subject of a bucket's message; ends in a dot. */
export function kvPrefix(bucket: string): string {
  return `$KV.${bucket}.`;
}

/** The key of a message in the bucket with this prefix; undefined if the subject is not one of its keys. */
export function kvKey(prefix: string, subject: string): string | undefined {
  return subject.length > prefix.length && subject.startsWith(prefix) ? subject.slice(prefix.length) : undefined;
}
