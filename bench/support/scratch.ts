import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CaseContext } from './types.ts';

const PREFIX = 'natsjob-bench-';
const PID_FILE = 'program.pid';
let swept = false;

/** An empty folder that is gone when the case is over. */
export function scratchDir(context: CaseContext): string {
  if (!swept) sweepAbandoned();
  swept = true;
  const folder = mkdtempSync(path.join(tmpdir(), `${PREFIX}${process.pid}-`));
  context.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Says which program runs on the folder, for the next bench should this one be killed. */
export function noteProgram(folder: string, pid: number): void {
  writeFileSync(path.join(folder, PID_FILE), String(pid));
}

/** Removes what a killed bench left: its folders, and the program if it still runs on one. */
function sweepAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split('-')[0]) : Number.NaN;
    if (!Number.isInteger(owner) || readProc(owner) !== '') continue;
    const folder = path.join(tmpdir(), name);
    const pid = readPid(folder);
    if (readProc(pid).includes(folder)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The process's command line, '' if there is no such process. */
function readProc(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function readPid(folder: string): number {
  try {
    return Number(readFileSync(path.join(folder, PID_FILE), 'utf8'));
  } catch {
    return Number.NaN;
  }
}
