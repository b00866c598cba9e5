import { readFileSync } from 'node:fs';

/** What Linux counts CPU time in: 100 ticks a second on every platform Node runs on. */
const TICK_US = 10_000;

/** CPU time of all threads of the process so far, in microseconds, in steps of 10 ms. Not its children's. */
export function cpuUs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command's name stands in brackets and may hold anything, so count from behind it.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** Resident memory in MB (10^6 bytes). */
export function rssMb(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return (Number(match?.[1] ?? 0) * 1024) / 1e6;
}
