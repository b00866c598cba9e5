import { DiscardPolicy, JetStreamApiCodes, JetStreamApiError, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { busStream, busSubject } from '../../wire/index.ts';

export type TopicStorage = 'memory' | 'file';

/** Bounds of a stream that the bus makes; one that is there keeps its own. */
export interface TopicLimits {
  /** Default: 256 MiB in memory, 1 GiB in files. */
  readonly maxBytes?: number;
  /** Default: an hour in memory, seven days in files. */
  readonly maxAgeMs?: number;
  /** Default 1. */
  readonly replicas?: number;
}

const NAME_IN_USE = 10058;
const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const DUPLICATE_WINDOW_MS = 120_000;

/** A topic's stream as it is. Another time of creation: another stream, whose sequences begin anew. */
export interface TopicStream {
  readonly storage: TopicStorage;
  readonly created: string;
  /** It has copies, and may change its leader. */
  readonly isReplicated: boolean;
}

/** Makes the topic's stream if it is not there. Rejects with the client library's errors. */
export async function ensureTopicStream(manager: JetStreamManager, base: string, topic: string, wanted: TopicStorage, limits: TopicLimits): Promise<TopicStream> {
  const name = busStream(base, topic);
  const present = await streamOf(manager, name);
  if (present !== undefined) return present;
  try {
    const { created } = await manager.streams.add(configOf(base, topic, wanted, limits));
    return { storage: wanted, created, isReplicated: (limits.replicas ?? 1) > 1 };
  } catch (error) {
    // Another process was faster, perhaps with the other storage.
    const now = error instanceof JetStreamApiError && error.code === NAME_IN_USE ? await streamOf(manager, name) : undefined;
    if (now === undefined) throw error;
    return now;
  }
}

function configOf(base: string, topic: string, storage: TopicStorage, limits: TopicLimits): Partial<StreamConfig> & { name: string } {
  const isFile = storage === 'file';
  const maxAgeMs = limits.maxAgeMs ?? (isFile ? 7 * 24 * HOUR_MS : HOUR_MS);
  return {
    name: busStream(base, topic),
    subjects: [busSubject(base, topic)],
    storage: isFile ? StorageType.File : StorageType.Memory,
    retention: RetentionPolicy.Limits,
    // At least once: a full stream refuses, and whoever publishes is told. At most once: what is oldest goes.
    discard: isFile ? DiscardPolicy.New : DiscardPolicy.Old,
    max_bytes: limits.maxBytes ?? (isFile ? 1024 * MIB : 256 * MIB),
    max_age: nanos(maxAgeMs),
    duplicate_window: nanos(Math.min(DUPLICATE_WINDOW_MS, maxAgeMs)),
    num_replicas: limits.replicas ?? 1,
  };
}

async function streamOf(manager: JetStreamManager, name: string): Promise<TopicStream | undefined> {
  try {
    const { config, created } = await manager.streams.info(name);
    return { storage: config.storage === StorageType.Memory ? 'memory' : 'file', created, isReplicated: config.num_replicas > 1 };
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return undefined;
    throw error;
  }
}
