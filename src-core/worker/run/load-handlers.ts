import { watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Log } from '../../ports/log.ts';
import { isName } from '../../wire/index.ts';
import { BadHandlerFileError } from '../errors.ts';
import type { Handler, HandlerOptions } from './types.ts';

/** A handler of a folder. */
export interface HandlerFile {
  readonly job: string;
  readonly handler: Handler;
  readonly options: HandlerOptions;
  /** Where it was found. */
  readonly file: string;
  /** All that the file exports. */
  readonly exports: Readonly<Record<string, unknown>>;
}

export interface HandlerWatch {
  /** Complete when it resolves. */
  close(): Promise<void>;
}

const HANDLER_FILE = /^(?!.*\.(?:d|test|spec)\.)[^._].*\.(?:[cm]?js|[cm]?ts)$/;
const SETTLE_MS = 50;

/**
 * Reads a folder: the default export of a file is the handler of the job the file is named after, each other function the
 * handler of the job it is named after. `export const options = {…}` holds for all of a file. Names that begin with `_` or a dot,
 * tests and type declarations are left out. Rejects with BadHandlerFileError.
 */
export async function loadHandlers(folder: string): Promise<readonly HandlerFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new BadHandlerFileError(folder, 'the folder of handlers cannot be read', { cause: error });
  });
  const found = new Map<string, HandlerFile>();
  for (const name of names.filter((each) => HANDLER_FILE.test(each)).sort()) {
    for (const handler of await readHandlers(path.resolve(folder, name))) {
      const known = found.get(handler.job);
      if (known !== undefined) throw new BadHandlerFileError(handler.file, `job ${handler.job} has a handler in ${path.basename(known.file)} already`);
      found.set(handler.job, handler);
    }
  }
  return [...found.values()];
}

/**
 * Reads the folder again, first for what has changed until now, then after each change, and tells what is there. A file that cannot be read is told to the log, and
 * what was there goes on. What a changed file imports is not read again.
 */
export function watchHandlers(folder: string, onChange: (files: readonly HandlerFile[]) => void, log: Log): HandlerWatch {
  let timer: NodeJS.Timeout | undefined;
  let reading: Promise<void> = Promise.resolve();
  let isClosed = false;
  const read = async (): Promise<void> => {
    try {
      const files = await loadHandlers(folder);
      if (!isClosed) onChange(files);
    } catch (error) {
      log.warn({ error: error instanceof Error ? error.message : String(error) }, 'the handlers were changed and cannot be read: the old ones go on');
    }
  };
  const readSoon = (): void => {
    clearTimeout(timer);
    // An editor writes a file in several steps.
    timer = setTimeout(() => {
      reading = reading.then(read);
    }, SETTLE_MS);
  };
  const watcher = watch(folder, readSoon);
  readSoon();
  watcher.on('error', (error) => log.warn({ error: error.message }, 'the folder of handlers cannot be watched any more'));
  return {
    async close() {
      isClosed = true;
      clearTimeout(timer);
      watcher.close();
      await reading;
    },
  };
}

async function readHandlers(file: string): Promise<HandlerFile[]> {
  const exports = await importFresh(file);
  const { options = {} } = exports;
  if (typeof options !== 'object' || options === null) throw new BadHandlerFileError(file, 'its export "options" is no object');
  const handlers: HandlerFile[] = [];
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value !== 'function') continue;
    const job = name === 'default' ? path.basename(file).replace(/\.[^.]+$/, '') : name;
    if (!isName(job)) throw new BadHandlerFileError(file, `"${job}" is no name of a job: letters, digits, _ and - only`);
    handlers.push({ job, handler: value as Handler, options, file, exports });
  }
  if (handlers.length === 0) throw new BadHandlerFileError(file, 'it exports no function');
  return handlers;
}

/** Another address for another time of change: a module is read once for each address. */
async function importFresh(file: string): Promise<Record<string, unknown>> {
  try {
    const { mtimeMs } = await stat(file);
    return (await import(`${pathToFileURL(file).href}?changed=${mtimeMs}`)) as Record<string, unknown>;
  } catch (error) {
    throw new BadHandlerFileError(file, `it cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
