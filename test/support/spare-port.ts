import { mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Below what any system gives to outgoing connections and to whoever asks for port 0, and above what servers have by default. */
const [FIRST, LAST] = [15_000, 32_000];
/** A note for each port that is given away, so that no two test processes have the same one. */
const NOTES = path.join(tmpdir(), `natsjob-test-ports-${process.getuid?.() ?? ''}`);
const OLD_MS = 600_000;

/**
 * A port of 127.0.0.1 that is free and stays so until the test's process ends: nobody else is given it, neither before
 * its server listens nor while that is stopped. Different at each call.
 */
export async function sparePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (!take(port)) continue;
    if (await isFree(port)) return port;
  }
}

const taken = new Set<number>();

function take(port: number): boolean {
  try {
    writeFileSync(noteOf(port), String(process.pid), { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Never made, or just gone with the last notes of another process.
    if (code === 'ENOENT') mkdirSync(NOTES, { recursive: true });
    else if (code === 'EEXIST') forgetIfOld(noteOf(port));
    else throw error;
    return false;
  }
  if (taken.size === 0) process.once('exit', leaveNothing);
  taken.add(port);
  return true;
}

function leaveNothing(): void {
  for (const port of taken) rmSync(noteOf(port), { force: true });
  try {
    rmdirSync(NOTES);
  } catch {
    // Others have ports still.
  }
}

/** A process that was killed has left its notes. */
function forgetIfOld(note: string): void {
  try {
    if (Date.now() - statSync(note).mtimeMs > OLD_MS && !isAlive(Number(readFileSync(note, 'utf8')))) rmSync(note);
  } catch {
    // Gone by now.
  }
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function noteOf(port: number): string {
  return path.join(NOTES, String(port));
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
