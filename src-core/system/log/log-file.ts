import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';
import { makeFolders } from '../folders/make-folders.ts';

export interface LogFileOptions {
  readonly dir: string;
  /** A file is put aside when it reaches this size, as in 500M. */
  readonly size: `${number}${'B' | 'K' | 'M' | 'G'}`;
  readonly maxFiles: number;
  readonly maxAgeDays: number;
  /** Told once each time writing stops working and each time it works again. */
  onTrouble(sentence: string): void;
}

export interface LogFile {
  write(line: string): void;
  close(): Promise<void>;
}

const NAME = 'natsjob.log';
const RETRY_MS = 30_000;
const CLEAN_UP_MS = 3_600_000;
/** Lines wait in memory while the disk is slow; beyond this they are dropped and counted. */
const MOST_BUFFERED_BYTES = 8 * 2 ** 20;
const DAY_MS = 86_400_000;

/**
 * natsjob.log in the folder; full files become natsjob.log.<time>.gz, the oldest go first by number and by age.
 * A file that cannot be written is tried again every half minute; what is written meanwhile is dropped and counted. Never throws.
 */
export function openLogFile(options: LogFileOptions): LogFile {
  let stream: RotatingFileStream | undefined;
  let dropped = 0;
  let inTrouble = false;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;
  open();
  const cleaning = setInterval(() => removeOldFiles(options), CLEAN_UP_MS).unref();
  return { write, close };

  function open(): void {
    retry = undefined;
    try {
      makeFolders(options.dir);
      removeOldFiles(options);
      const opened = createStream(rotatedName, { path: options.dir, size: options.size, maxFiles: options.maxFiles, compress: 'gzip', mode: 0o640, history: `.${NAME}.history` });
      opened.on('open', works);
      opened.on('error', fails);
      // Rotation or clean-up that went wrong: the file itself goes on.
      opened.on('warning', (error) => options.onTrouble(`The log file could not be rotated (${error.message}).`));
      stream = opened;
    } catch (error) {
      fails(error as Error);
    }
  }

  function works(): void {
    if (!inTrouble) return;
    inTrouble = false;
    options.onTrouble(`The log file in ${options.dir} is written again; ${dropped} lines are missing from it.`);
    dropped = 0;
  }

  function fails(error: Error): void {
    stream?.destroy();
    stream = undefined;
    if (!closed) retry ??= setTimeout(open, RETRY_MS).unref();
    if (inTrouble) return;
    inTrouble = true;
    const why = 'code' in error ? String(error.code) : error.message;
    const next = closed ? 'the last lines are missing from it' : `going on without it, trying again every ${RETRY_MS / 1000} s`;
    options.onTrouble(`The log file in ${options.dir} cannot be written (${why}); ${next}.`);
  }

  function write(line: string): void {
    if (!stream || stream.writableLength > MOST_BUFFERED_BYTES) dropped++;
    else stream.write(line);
  }

  async function close(): Promise<void> {
    closed = true;
    clearInterval(cleaning);
    clearTimeout(retry);
    const open = stream;
    if (!open || open.destroyed) return;
    await new Promise<void>((resolve) => {
      open.once('close', resolve);
      open.once('error', () => resolve());
      open.end();
    });
  }
}

/** Without a time it is the file being written. */
function rotatedName(time: number | Date | null, index?: number): string {
  if (!time) return NAME;
  const stamp = new Date(time).toISOString().replace(/[:.]/g, '').replace('Z', '');
  return `${NAME}.${stamp}.${String(index ?? 1).padStart(2, '0')}.gz`;
}

/** Only rotated files of ours; whatever else lies in the folder stays. */
function removeOldFiles({ dir, maxAgeDays }: LogFileOptions): void {
  try {
    for (const name of readdirSync(dir)) {
      if (!/^natsjob\.log\.\d{4}-\d{2}-\d{2}T\d{9}\.\d+\.gz$/.test(name)) continue;
      const file = path.join(dir, name);
      if (Date.now() - statSync(file).mtimeMs > maxAgeDays * DAY_MS) rmSync(file, { force: true });
    }
  } catch {
    // Seen again in an hour; the folder itself is the writer's concern.
  }
}
