import Database from 'better-sqlite3';
import { UnavailableError } from '../../domain/index.ts';

/**
 * What SQLite throws, in words a person can act on. Conditions that may pass (full, locked, read-only, a disk that
 * fails, a damaged file) become UnavailableError; anything else is a fault of ours and is given back unchanged.
 */
export function explain(error: unknown, file: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const sentence = sentenceFor(error.code, file);
  return sentence === undefined ? error : new UnavailableError(`${sentence} (${error.code}: ${error.message})`, { cause: error });
}

function sentenceFor(code: string, file: string): string | undefined {
  if (code === 'SQLITE_FULL') return `The disk that holds the database ${file} is full: make room, the view then catches up by itself.`;
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return `The database ${file} is locked by another program: close what else has it open.`;
  if (code.startsWith('SQLITE_READONLY')) return `The database ${file} cannot be written: check the permissions of the file and its folder, and whether the disk is mounted read-only.`;
  if (code.startsWith('SQLITE_CANTOPEN')) return `The database ${file} cannot be opened: check that its folder exists and may be written.`;
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return `The file ${file} is damaged or not a database: put a backup in its place, or move it away to start with an empty view.`;
  if (code.startsWith('SQLITE_IOERR') || code === 'SQLITE_PERM' || code === 'SQLITE_AUTH') return `The disk that holds the database ${file} failed or refused: check the disk and its free space.`;
  if (code === 'SQLITE_PROTOCOL' || code === 'SQLITE_NOLFS' || code === 'SQLITE_INTERRUPT') return `The database ${file} did not answer.`;
  return undefined;
}
