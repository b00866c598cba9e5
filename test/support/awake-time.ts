import { readdirSync, readFileSync } from 'node:fs';

const LOOK_MS = 10;
const MOST_MS = 50;

/**
 * How long something takes for a process that is not kept waiting: of the time between two looks, ten milliseconds apart, no more
 * counts than 50 ms, however long others had the machine.
 */
export async function awakeMs(work: Promise<unknown>): Promise<number> {
  let sum = 0;
  let last = performance.now();
  const look = (): void => {
    const now = performance.now();
    sum += Math.min(now - last, MOST_MS);
    last = now;
  };
  const timer = setInterval(look, LOOK_MS);
  try {
    await work;
  } finally {
    clearInterval(timer);
  }
  look();
  return sum;
}

/**
 * The same for work that other processes do: without what each of them had to wait for a processor, of its threads the one that
 * waited longest. Where the system does not tell that, nothing is taken off.
 */
export async function awakeMsWith(pids: readonly number[], work: Promise<unknown>): Promise<number> {
  const before = pids.map(waitedMs);
  const awake = await awakeMs(work);
  return pids.reduce((left, pid, index) => left - longestMore(before[index]!, waitedMs(pid)), awake);
}

/** Of each thread of the process: how long it was ready to run and did not, so far. */
function waitedMs(pid: number): ReadonlyMap<string, number> {
  const threads = `/proc/${pid}/task`;
  try {
    return new Map(readdirSync(threads).map((thread) => [thread, Number(readFileSync(`${threads}/${thread}/schedstat`, 'utf8').split(' ')[1]) / 1e6]));
  } catch {
    return new Map();
  }
}

function longestMore(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  return Math.max(0, ...[...after].map(([thread, ms]) => ms - (before.get(thread) ?? 0)));
}
