import type { Time } from './resources.ts';

/* ---- settings and upkeep ---- */

/** GET /settings. Secrets are masked. */
export interface SettingResource {
  readonly name: string;
  readonly value: string;
  readonly source: string;
  readonly secret: boolean;
  readonly description: string;
  /** The same in Chinese. */
  readonly descriptionZh: string;
}

/** GET /database. */
export interface DatabaseResource {
  readonly kind: string;
  /** Of the file; of a server its address, without a password. */
  readonly path: string;
  /** Product and version of the server, '' for a file. */
  readonly server: string;
  /** Whether it can be copied here; backups of a server are made there. */
  readonly canBackUp: boolean;
  readonly bytes: number;
  readonly walBytes: number;
  readonly schemaVersion: number;
  readonly retentionMs: number;
  readonly oldestRunAt: Time | null;
  /** Newest first. */
  readonly backups: readonly BackupResource[];
}

/** POST /database/backup. */
export type BackupResource = { readonly name: string; readonly bytes: number; readonly at: Time };

/** POST /me/password; refused (409) where the password is given by a setting. */
export type PasswordRequest = { readonly current: string; readonly password: string };

/** GET /diagnostics: what `natsjob doctor` says, and of what program. Holds no secret. */
export interface DiagnosticsResource {
  readonly at: Time;
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly checks: readonly { readonly name: string; readonly state: 'ok' | 'warning' | 'problem'; readonly detail: string }[];
}

/* ---- the subject tester ---- */

/** POST /nats/ping. */
export type PingResource = { readonly roundTripMs: number };

/** POST /nats/publish: only subjects under `natsjob.job.` and `natsjob-void.job.`. */
export interface PublishRequest {
  readonly subject: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** GET /nats/buckets. */
export type BucketResource = { readonly name: string; readonly entries: number; readonly bytes: number };

/** GET /nats/buckets/{bucket}/entries?prefix&limit&cursor: newest values, those changed longest ago first. */
export interface BucketEntryResource {
  readonly key: string;
  /** At most 16,384 characters; of a longer one the beginning, and "…". */
  readonly text: string;
  readonly revision: number;
  readonly at: Time;
}
