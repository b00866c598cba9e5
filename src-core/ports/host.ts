import type { BusAccess } from './bus-access.ts';

/**
 * What the running program knows and the scheduler does not: its settings, its files, the machine it stands on.
 * The composition root makes it for the HTTP API.
 */
export interface HostApi {
  /** Every setting as it is in force; secrets masked. */
  settings(): readonly SettingView[];
  /** Rejects with UnavailableError while the database is not open. */
  database(): Promise<DatabaseView>;
  /** Copies the database while it is in use. Rejects with ConflictError while another copy is being made or when it is on a server, UnavailableError when the disk does not take it. */
  backUp(): Promise<BackupView>;
  diagnostics(): Promise<DiagnosticsView>;
  /** Throws UnavailableError before NATS is known. */
  readonly nats: BusAccess;
}

export interface SettingView {
  readonly name: string;
  readonly value: string;
  /** Where it comes from, as a person would look for it. */
  readonly source: string;
  readonly secret: boolean;
  readonly description: string;
  /** The same in Chinese. */
  readonly descriptionZh: string;
}

export interface DatabaseView {
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
  /** Epoch ms; undefined while there is no run. */
  readonly oldestRunAt: number | undefined;
  /** Newest first. */
  readonly backups: readonly BackupView[];
}

export interface BackupView {
  /** Of the file. */
  readonly name: string;
  readonly bytes: number;
  readonly at: number;
}

export interface DiagnosticsView {
  readonly at: number;
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly checks: readonly { readonly name: string; readonly state: 'ok' | 'warning' | 'problem'; readonly detail: string }[];
}
