import { createRequire } from 'node:module';
import { UnavailableError } from '../../domain/index.ts';

/** What we use of the package `dmdb`. */
export interface DmDriver {
  readonly CLOB: number;
  readonly NUMBER: number;
  readonly STRING: number;
  readonly OUT_FORMAT_ARRAY: number;
  /** Kinds of columns that come as text; of the whole process. */
  fetchAsString: number[];
  getConnection(attributes: Readonly<Record<string, unknown>>): Promise<DmConnection>;
}

export interface DmConnection {
  execute(text: string, params: readonly unknown[], options: { readonly autoCommit: boolean; readonly outFormat: number }): Promise<{ readonly rows?: readonly (readonly unknown[])[] }>;
  executeMany(text: string, rows: readonly (readonly unknown[])[], options: { readonly autoCommit: boolean; readonly bindDefs: readonly { readonly type: number }[] }): Promise<unknown>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  close(): Promise<void>;
}

const PACKAGE = 'dmdb';

/**
 * The driver that the machine's owner has installed: its licence does not let us hand it on, so it is in no bundle. Looked for
 * where this code lies and beside the program. Throws UnavailableError.
 */
export function loadDmDriver(): DmDriver {
  for (const place of [import.meta.url, process.execPath]) {
    try {
      return createRequire(place)(PACKAGE) as DmDriver;
    } catch (error) {
      if ((error as { code?: string }).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new UnavailableError(`The driver for Dameng is not there, as its licence does not let natsjob bring it along: run "npm install ${PACKAGE}" in the folder of the program.`);
}
