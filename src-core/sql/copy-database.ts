import type { MessagePort } from 'node:worker_threads';
import Database from 'better-sqlite3';

export interface CopyRequest {
  readonly file: string;
  /** An empty file. */
  readonly copyTo: string;
  readonly nativeBinding?: string | undefined;
}

/** Every page at once: in pieces, each commit in between would begin the copy anew. */
const ALL_PAGES = 2 ** 31 - 1;

/** Copies the database as it is at one moment, on a thread of its own; the port gets '' or what went wrong. */
export async function copyDatabase(request: CopyRequest, port: MessagePort): Promise<void> {
  let failure = '';
  try {
    await makeCopy(request);
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  port.postMessage(failure);
}

/** Fills the empty file with the database as it is at one moment. */
export async function makeCopy({ file, copyTo, nativeBinding }: CopyRequest): Promise<void> {
  const binding = nativeBinding === undefined ? {} : { nativeBinding };
  const source = new Database(file, { readonly: true, fileMustExist: true, timeout: 5_000, ...binding });
  try {
    await source.backup(copyTo, { progress: () => ALL_PAGES });
  } finally {
    source.close();
  }
  const copy = new Database(copyTo, { fileMustExist: true, ...binding });
  // One file that whoever looks into it leaves one file.
  copy.pragma('journal_mode = delete');
  copy.close();
}
