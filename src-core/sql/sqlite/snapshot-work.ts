import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { MessagePort } from 'node:worker_threads';
import Database from 'better-sqlite3';
import type { Checkpoint, SnapshotFacts } from '../../ports/index.ts';
import { makeCopy } from '../copy-database.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { keepOwn } from './snapshot-merge.ts';

/** What the thread of a snapshot is asked: to make one in an empty file, or to look through one that came. */
export type SnapshotRequest = { readonly nativeBinding?: string | undefined } & (
  | { readonly snapshot: 'give'; readonly file: string; readonly to: string }
  /** `own`: the database whose runs are to be kept, if its schema is the same. */
  | { readonly snapshot: 'check'; readonly file: string; readonly promised: SnapshotFacts; readonly own: string });

/** `kept`: runs that only the own database had. `bad`: what came is not what was promised. `code` is SQLite's or the file system's. */
export type SnapshotAnswer =
  | { readonly facts: SnapshotFacts; readonly kept: number }
  | { readonly bad: string }
  | { readonly failure: string; readonly code: string };

const PIECE_BYTES = 1_048_576;

/** On a thread of its own: copying, hashing and looking through a big file take seconds. */
export async function workOnSnapshot(request: SnapshotRequest, port: MessagePort): Promise<void> {
  port.postMessage(await answer(request));
}

async function answer(request: SnapshotRequest): Promise<SnapshotAnswer> {
  try {
    if (request.snapshot === 'check') return await check(request.file, request.promised, request.own, request.nativeBinding);
    await makeCopy({ file: request.file, copyTo: request.to, nativeBinding: request.nativeBinding });
    const seen = look(request.to, request.nativeBinding, false);
    return { facts: { ...seen, bytes: (await stat(request.to)).size, sha256: await hashOf(request.to) }, kept: 0 };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return { failure: error instanceof Error ? error.message : String(error), code };
  }
}

async function check(file: string, promised: SnapshotFacts, own: string, nativeBinding: string | undefined): Promise<SnapshotAnswer> {
  const { size } = await stat(file);
  if (size !== promised.bytes) return { bad: `it has ${size} bytes instead of ${promised.bytes}` };
  const sha256 = await hashOf(file);
  if (sha256 !== promised.sha256) return { bad: 'its SHA-256 is another one' };
  try {
    const seen = look(file, nativeBinding, true);
    if (seen.schemaVersion !== promised.schemaVersion) return { bad: `its schema is ${seen.schemaVersion} instead of ${promised.schemaVersion}` };
    if (textOf(seen.checkpoints) !== textOf(promised.checkpoints)) return { bad: 'its checkpoints are others' };
    // One of an older schema is brought to this one's only when it is in place.
    const kept = seen.schemaVersion === MIGRATIONS.length ? keepOwn(file, own, nativeBinding) : 0;
    return { facts: { ...seen, bytes: size, sha256 }, kept };
  } catch (error) {
    if (error instanceof Database.SqliteError && !/^SQLITE_(IOERR|FULL|CANTOPEN|NOMEM)/.test(error.code)) return { bad: error.message };
    throw error;
  }
}

function look(file: string, nativeBinding: string | undefined, thoroughly: boolean): Pick<SnapshotFacts, 'schemaVersion' | 'checkpoints'> {
  const database = new Database(file, { readonly: true, fileMustExist: true, ...(nativeBinding === undefined ? {} : { nativeBinding }) });
  try {
    if (thoroughly) {
      const [first] = database.pragma('quick_check(1)') as [{ quick_check: string }];
      if (first.quick_check !== 'ok') throw new Database.SqliteError(first.quick_check, 'SQLITE_CORRUPT');
      // A view has neither; in somebody else's file they would run within our own statements.
      const strange = database.prepare('select name from sqlite_master where type not in (\'table\', \'index\') limit 1').pluck().get();
      if (strange !== undefined) throw new Database.SqliteError(`it holds a trigger or view, ${String(strange)}`, 'SQLITE_CORRUPT');
    }
    return {
      schemaVersion: Number(database.prepare('select value from meta where key = \'schema\'').pluck().get() ?? 0),
      checkpoints: database.prepare('select stream, created, sequence from checkpoint order by stream').all() as Checkpoint[],
    };
  } finally {
    database.close();
  }
}

function textOf(checkpoints: readonly Checkpoint[]): string {
  return checkpoints.map(({ stream, created, sequence }) => `${stream} ${created} ${sequence}`).sort().join('\n');
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES })) hash.update(piece as Buffer);
  return hash.digest('hex');
}
