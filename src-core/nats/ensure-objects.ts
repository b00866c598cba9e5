import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import type { BusObjectsOptions } from '../ports/bus.ts';
import { STREAM } from '../wire/index.ts';
import type { Connection } from './connection.ts';
import { JetStreamOffError, NotPermittedError, StorageRefusedError, SubjectsTakenError, apiCode, asUnavailable, isJetStreamOff, isNotPermitted, isStreamMissing } from './errors.ts';
import { wantedObjects, wishedObjects } from './objects.ts';
import type { ObjectConfig } from './objects.ts';

const NAME_IN_USE = 10058;
const SUBJECTS_OVERLAP = 10065;
const NO_CLUSTER = 10074;
/** No storage: of the server, of the account, of the peers of a cluster. */
const NO_STORAGE: ReadonlySet<number> = new Set([10002, 10005, 10023, 10028, 10047]);
const NO_JETSTREAM: ReadonlySet<number> = new Set([10035, 10039, 10076]);
const SMALLEST_BYTES = 64 * 1024 * 1024;

/**
 * Makes what is missing, and changes of what exists only what the scheduler cannot do without. Returns a sentence for each
 * thing that is not as we make it. Rejects with JetStreamOffError, SubjectsTakenError, NotPermittedError,
 * StorageRefusedError, or UnavailableError when trying again may help.
 */
export async function ensureObjects(connection: Connection, options: BusObjectsOptions): Promise<readonly string[]> {
  const remarks: string[] = [];
  for (const wanted of wantedObjects(options)) {
    try {
      await ensureOne(connection.manager, wanted, remarks);
    } catch (error) {
      throw await explain(error, wanted, connection);
    }
  }
  for (const wished of wishedObjects(options)) {
    try {
      // One that is there is used as it is.
      if ((await readConfig(connection.manager, wished.name)) === undefined) await addFitting(connection.manager, wished, remarks);
    } catch (error) {
      if (apiCode(error) !== NAME_IN_USE) remarks.push(`Stream ${wished.name} cannot be made, so what workers report of their runs is not kept: ${(await explain(error, wished, connection)).message}`);
    }
  }
  return remarks;
}

async function ensureOne(manager: JetStreamManager, wanted: ObjectConfig, remarks: string[]): Promise<void> {
  const present = await readConfig(manager, wanted.name);
  if (present !== undefined) {
    await adjust(manager, present, wanted, remarks);
    return;
  }
  try {
    await addFitting(manager, wanted, remarks);
  } catch (error) {
    // Another node was faster, with a configuration that differs from ours.
    const now = apiCode(error) === NAME_IN_USE ? await readConfig(manager, wanted.name) : undefined;
    if (now === undefined) throw error;
    await adjust(manager, now, wanted, remarks);
  }
}

/** The server sets the bound aside at once and refuses one it has no room for; a smaller one is better than none. */
async function addFitting(manager: JetStreamManager, wanted: ObjectConfig, remarks: string[]): Promise<void> {
  let bytes = wanted.max_bytes ?? -1;
  let cut = 3 / 4;
  for (;;) {
    try {
      await manager.streams.add({ ...wanted, max_bytes: bytes });
      if (bytes !== (wanted.max_bytes ?? -1)) {
        remarks.push(`Stream ${wanted.name} is bounded to ${megabytes(bytes)} instead of ${megabytes(wanted.max_bytes ?? 0)}: the NATS server has no more storage to give.`);
      }
      return;
    } catch (error) {
      if (!NO_STORAGE.has(apiCode(error)) || bytes * cut < SMALLEST_BYTES) throw error;
      // First by a quarter, so that a bound which fits by halving does not fill the server to the brim.
      bytes = Math.floor(bytes * cut);
      cut = 1 / 2;
    }
  }
}

async function adjust(manager: JetStreamManager, present: StreamConfig, wanted: ObjectConfig, remarks: string[]): Promise<void> {
  const changes: Partial<StreamConfig> = {};
  const isRuns = wanted.name === STREAM;
  const missing = wanted.subjects.filter((subject) => !present.subjects.includes(subject));
  if (missing.length > 0) {
    changes.subjects = [...present.subjects, ...missing];
    remarks.push(`Stream ${wanted.name} took in ${present.subjects.join(', ')}; ${missing.join(', ')} was added.`);
  }
  if (isRuns && present.duplicate_window < (wanted.duplicate_window ?? 0)) {
    // The server wants the window to be no longer than the age.
    const window = present.max_age > 0 ? Math.min(present.max_age, wanted.duplicate_window ?? 0) : (wanted.duplicate_window ?? 0);
    if (window > present.duplicate_window) {
      changes.duplicate_window = window;
      remarks.push(`Stream ${wanted.name} had a duplicate window of ${seconds(present.duplicate_window)}; it is ${seconds(window)} now.`);
    }
  }
  const history = wanted.max_msgs_per_subject ?? 0;
  if (history > 1 && present.max_msgs_per_subject > 0 && present.max_msgs_per_subject < history) {
    changes.max_msgs_per_subject = history;
    remarks.push(`Bucket ${wanted.name} kept ${present.max_msgs_per_subject} values of a key; it keeps ${history} now.`);
  }
  if (Object.keys(changes).length > 0) await manager.streams.update(wanted.name, changes);
  remarks.push(...kept(await withCopies(manager, present, wanted, remarks), wanted));
}

/** A server that became a cluster: more copies are made of what it had. Fewer are never asked for. */
async function withCopies(manager: JetStreamManager, present: StreamConfig, wanted: ObjectConfig, remarks: string[]): Promise<StreamConfig> {
  const copies = wanted.num_replicas ?? 1;
  if (present.num_replicas >= copies) return present;
  try {
    await manager.streams.update(wanted.name, { num_replicas: copies });
  } catch (error) {
    // There are not as many servers, or they are not all there.
    if (NO_STORAGE.has(apiCode(error)) || apiCode(error) === NO_CLUSTER) return present;
    throw error;
  }
  remarks.push(`Stream ${wanted.name} had ${present.num_replicas} replica(s); it gets ${copies} now.`);
  return { ...present, num_replicas: copies };
}

/** What differs and stays, because it is the owner's choice and we can live with it. */
function kept(present: StreamConfig, wanted: ObjectConfig): string[] {
  const remarks: string[] = [];
  const say = (what: string): number => remarks.push(`Stream ${wanted.name} ${what}; that is kept.`);
  if (present.storage !== wanted.storage) say(`is stored in ${present.storage}`);
  if (present.retention !== wanted.retention) say(`has the retention "${present.retention}" instead of "${wanted.retention}"`);
  if (present.max_age !== (wanted.max_age ?? 0)) say(`keeps messages for ${seconds(present.max_age)} instead of ${seconds(wanted.max_age ?? 0)}`);
  if (wanted.name === STREAM && present.max_bytes !== wanted.max_bytes) say(`is bounded to ${megabytes(present.max_bytes)} instead of ${megabytes(wanted.max_bytes ?? 0)}`);
  if (present.num_replicas !== wanted.num_replicas) say(`has ${present.num_replicas} replica(s) instead of ${wanted.num_replicas}`);
  if (wanted.name === STREAM && present.discard !== wanted.discard) say('refuses new messages when it is full instead of dropping old ones');
  return remarks;
}

async function readConfig(manager: JetStreamManager, name: string): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (isStreamMissing(error)) return undefined;
    throw error;
  }
}

async function explain(error: unknown, wanted: ObjectConfig, connection: Connection): Promise<Error> {
  const code = apiCode(error);
  if (isJetStreamOff(error) || NO_JETSTREAM.has(code)) return new JetStreamOffError(connection.serverUrl, error);
  if (code === SUBJECTS_OVERLAP) return new SubjectsTakenError(wanted.name, wanted.subjects, await ownerOf(connection, wanted.subjects), error);
  if (NO_STORAGE.has(code)) return new StorageRefusedError(`stream ${wanted.name}`, error);
  if (isNotPermitted(error)) return new NotPermittedError(`making stream ${wanted.name}`, error);
  return asUnavailable(error, `making stream ${wanted.name}`);
}

async function ownerOf(connection: Connection, subjects: readonly string[]): Promise<string | undefined> {
  for (const subject of subjects) {
    try {
      for await (const name of connection.manager.streams.names(subject)) return name;
    } catch {
      // The sentence is good without the name, too.
    }
  }
  return undefined;
}

function seconds(nanoseconds: number): string {
  return nanoseconds === 0 ? 'ever' : `${nanoseconds / 1e9} s`;
}

function megabytes(bytes: number): string {
  return bytes < 0 ? 'nothing' : `${Math.round(bytes / 1024 / 1024)} MiB`;
}
