import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log, Store } from '../../src-core/ports/index.ts';
import { openSqliteStore } from '../../src-core/sql/index.ts';

export const READER_ENTRY = fileURLToPath(new URL('../../src-core/sql/reader-thread.ts', import.meta.url));

export interface TempSqlite {
  readonly file: string;
  /** Messages logged by the stores opened here. */
  readonly logged: string[];
  open(file?: string): Promise<Store>;
  remove(): void;
}

/** A database file in a folder of its own. */
export function tempSqlite(): TempSqlite {
  const folder = mkdtempSync(join(tmpdir(), 'natsjob-store-'));
  const file = join(folder, 'natsjob.db');
  const logged: string[] = [];
  const log = recordingLog(logged);
  return {
    file,
    logged,
    open: (other = file) => openSqliteStore({ file: other, log, readerEntry: READER_ENTRY }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export function recordingLog(messages: string[]): Log {
  const write = (_: object, message: string): void => void messages.push(message);
  const log: Log = { debug: write, info: write, warn: write, error: write, child: () => log };
  return log;
}
