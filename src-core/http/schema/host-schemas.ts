import type { BackupResource, BucketEntryResource, BucketResource, DatabaseResource, DiagnosticsResource, PingResource, SettingResource } from '../contract.ts';
import { COUNT, FLAG, listOf, NUMBER, objectOf, oneOf, orNull, ref, TEXT, TIME } from './schema.ts';
import type { Schema } from './schema.ts';

/** Named schemas of what the program says of itself and of NATS. */
export const HOST_SCHEMAS: Readonly<Record<string, Schema>> = {
  Setting: objectOf<SettingResource>({ name: TEXT, value: TEXT, source: TEXT, secret: FLAG, description: TEXT, descriptionZh: TEXT }),
  Database: objectOf<DatabaseResource>({
    kind: TEXT,
    path: TEXT,
    server: TEXT,
    canBackUp: FLAG,
    bytes: COUNT,
    walBytes: COUNT,
    schemaVersion: COUNT,
    retentionMs: COUNT,
    oldestRunAt: orNull(TIME),
    backups: listOf(ref('Backup')),
  }),
  Backup: objectOf<BackupResource>({ name: TEXT, bytes: COUNT, at: TIME }),
  Diagnostics: objectOf<DiagnosticsResource>({
    at: TIME,
    version: TEXT,
    node: TEXT,
    platform: TEXT,
    checks: listOf(objectOf<DiagnosticsResource['checks'][number]>({ name: TEXT, state: oneOf(['ok', 'warning', 'problem']), detail: TEXT })),
  }),
  Bucket: objectOf<BucketResource>({ name: TEXT, entries: COUNT, bytes: COUNT }),
  BucketEntry: objectOf<BucketEntryResource>({ key: TEXT, text: TEXT, revision: COUNT, at: TIME }),
  Ping: objectOf<PingResource>({ roundTripMs: NUMBER }),
};
