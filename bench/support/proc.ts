import { readFileSync } from 'node:fs';

/** What Linux counts CPU time in: 100 ticks a second on every platform Node runs on. */
const TICK_US = 10_000;

/** CPU time of this process and of all its children that have ended, in microseconds. */
export function ownCpuUs(): number {
  return statFields(process.pid).slice(11, 15).reduce((sum, field) => sum + Number(field), 0) * TICK_US;
}

/** CPU time that the whole machine has spent so far, what others took from a virtual one included; in microseconds. */
export function machineCpuUs(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq + steal) * TICK_US;
}

/** CPU time of all threads of the process so far, in microseconds, in steps of 10 ms. Not its children's. */
export function cpuUs(pid: number): number {
  const fields = statFields(pid);
  return (Number(fields[11]) + Number(fields[12])) * TICK_US;
}

/** Resident memory in MB (10^6 bytes). */
export function rssMb(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return (Number(match?.[1] ?? 0) * 1024) / 1e6;
}

function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command's name stands in brackets and may hold anything, so count from behind it.
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
