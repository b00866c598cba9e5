import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { UnavailableError } from '../../domain/index.ts';
import { BadSnapshotError, type GivenSnapshot, type SnapshotFacts } from '../../ports/index.ts';
import type { ConnectionOptions } from './connection.ts';
import { fileTrouble, givenFile, removeCopy } from './snapshot-files.ts';
import type { SnapshotAnswer, SnapshotRequest } from './snapshot-work.ts';

/** Nobody reads it any more: whoever asked for it has gone. */
const IDLE_MS = 5 * 60_000;
const MOST_READ = 4 * 2 ** 20;

/** Copies the database into a file of its own and opens that for reading. `closed` is called once what was opened is gone, in whatever way. */
export async function giveSnapshot(entry: string | URL, files: ConnectionOptions, closed: () => void): Promise<GivenSnapshot> {
  const copy = givenFile(files.file, randomBytes(4).toString('hex'));
  try {
    closeSync(openSync(copy, 'wx', 0o600));
    const { facts } = await workOnThread(entry, { snapshot: 'give', file: files.file, to: copy, nativeBinding: files.nativeBinding });
    return await opened(copy, facts, closed);
  } catch (error) {
    removeCopy(copy);
    throw fileTrouble(error, copy);
  }
}

/** Rejects with BadSnapshotError, or UnavailableError when the disk or the thread fails. */
export function workOnThread(entry: string | URL, request: SnapshotRequest): Promise<{ readonly facts: SnapshotFacts; readonly kept: number }> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(entry, { workerData: request, name: 'sql-snapshot' });
    let answer: SnapshotAnswer = { failure: 'the thread ended', code: '' };
    thread.on('message', (message: SnapshotAnswer) => {
      answer = message;
    });
    thread.on('error', (error) => {
      answer = { failure: error.message, code: '' };
    });
    thread.on('exit', () => {
      if ('facts' in answer) resolve(answer);
      else if ('bad' in answer) reject(new BadSnapshotError(`The snapshot cannot be used: ${answer.bad}.`));
      else reject(new UnavailableError(`The snapshot could not be ${request.snapshot === 'give' ? 'made' : 'looked through'}: ${answer.failure}${answer.code === '' ? '' : ` (${answer.code})`}.`));
    });
  });
}

async function opened(copy: string, facts: SnapshotFacts, closed: () => void): Promise<GivenSnapshot> {
  const handle = await open(copy, 'r');
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= remove());
  let idle = setTimeout(close, IDLE_MS).unref();

  async function remove(): Promise<void> {
    clearTimeout(idle);
    await handle.close().catch(() => undefined);
    removeCopy(copy);
    closed();
  }

  return {
    ...facts,
    async read(offset, length) {
      if (closing !== undefined) throw new UnavailableError('The snapshot is no longer there.');
      clearTimeout(idle);
      idle = setTimeout(close, IDLE_MS).unref();
      try {
        const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, MOST_READ, facts.bytes - offset)));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
        return buffer.subarray(0, bytesRead);
      } catch (error) {
        throw fileTrouble(error, copy);
      }
    },
    close,
  };
}
