import { open, type FileHandle } from 'node:fs/promises';
import { BadSnapshotError, type SnapshotFacts, type TakenSnapshot } from '../../ports/index.ts';
import type { ConnectionOptions } from './connection.ts';
import { fileTrouble, removeCopy, takenFile } from './snapshot-files.ts';
import { workOnThread } from './snapshot-given.ts';

/** Opens the file a snapshot grows in. `replace` puts the file, once it has been looked through, in the place of the database; `done` is called when this one is discarded. */
export async function takeSnapshot(entry: string | URL, files: ConnectionOptions, facts: SnapshotFacts, replace: () => Promise<void>, done: () => void): Promise<TakenSnapshot> {
  const copy = takenFile(files.file);
  removeCopy(copy);
  const handle = await openNew(copy);
  let isOpen = true;
  let discarding: Promise<void> | undefined;

  async function closeFile(): Promise<void> {
    if (!isOpen) return;
    isOpen = false;
    await handle.close();
  }

  async function discard(): Promise<void> {
    await closeFile().catch(() => undefined);
    removeCopy(copy);
    done();
  }

  return {
    async write(offset, bytes) {
      if (offset + bytes.length > facts.bytes) throw new BadSnapshotError('The snapshot is longer than was promised.');
      try {
        for (let written = 0; written < bytes.length;) {
          written += (await handle.write(bytes, written, bytes.length - written, offset + written)).bytesWritten;
        }
      } catch (error) {
        throw fileTrouble(error, copy);
      }
    },
    async install() {
      try {
        await handle.sync();
        await closeFile();
      } catch (error) {
        throw fileTrouble(error, copy);
      }
      const { kept } = await workOnThread(entry, { snapshot: 'check', file: copy, promised: facts, own: files.file, nativeBinding: files.nativeBinding });
      await replace();
      return { kept };
    },
    discard: () => (discarding ??= discard()),
  };
}

async function openNew(copy: string): Promise<FileHandle> {
  try {
    return await open(copy, 'wx', 0o600);
  } catch (error) {
    throw fileTrouble(error, copy);
  }
}
