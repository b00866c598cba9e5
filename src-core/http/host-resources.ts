import type { BucketPage } from '../ports/bus-access.ts';
import type { BackupView, DatabaseView, DiagnosticsView } from '../ports/host.ts';
import type { BackupResource, BucketEntryResource, DatabaseResource, DiagnosticsResource } from './contract.ts';
import { formatOptionalTime, formatTime } from './times.ts';

/* What the program says of itself → resource, one function each. */

export function toDatabase(database: DatabaseView): DatabaseResource {
  return { ...database, oldestRunAt: formatOptionalTime(database.oldestRunAt), backups: database.backups.map(toBackup) };
}

export function toBackup({ name, bytes, at }: BackupView): BackupResource {
  return { name, bytes, at: formatTime(at) };
}

export function toDiagnostics({ at, version, node, platform, checks }: DiagnosticsView): DiagnosticsResource {
  return { at: formatTime(at), version, node, platform, checks: checks.map(({ name, state, detail }) => ({ name, state, detail })) };
}

const MAX_SHOWN = 16_384;

export function toBucketEntry({ key, text, revision, at }: BucketPage['items'][number]): BucketEntryResource {
  return { key, text: text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text, revision, at: formatTime(at) };
}
