import { Worker } from 'node:worker_threads';
import { UnavailableError } from '../../domain/index.ts';
import type { CopyRequest } from '../copy-database.ts';

/** Copies the database into the empty file, on a thread of its own. Rejects with UnavailableError. */
export function copyOnThread(entry: string | URL, request: CopyRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(entry, { workerData: request, name: 'sql-copy' });
    let failure = 'the thread ended';
    thread.on('message', (text: string) => {
      failure = text;
    });
    thread.on('error', (error) => {
      failure = error.message;
    });
    thread.on('exit', () => (failure === '' ? resolve() : reject(new UnavailableError(`The database could not be copied: ${failure}.`))));
  });
}
