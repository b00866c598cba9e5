import { cpus, freemem, totalmem } from 'node:os';
import type { Load } from './types.ts';

type Usage = Omit<Load, 'running' | 'waiting'>;

/** A function that tells how loaded machine and process were since it was last asked. */
export function loadMeter(): () => Usage {
  let lastMachine = machineTimes();
  let lastProcess = process.cpuUsage();
  let lastAt = performance.now();
  return () => {
    const machine = machineTimes();
    const used = process.cpuUsage(lastProcess);
    const now = performance.now();
    const all = machine.all - lastMachine.all;
    const usage = {
      machineCpu: all > 0 ? percent(1 - (machine.idle - lastMachine.idle) / all) : 0,
      machineMemory: percent(1 - freemem() / totalmem()),
      processCpu: now > lastAt ? percent((used.user + used.system) / 1_000 / (now - lastAt)) : 0,
      processRss: process.memoryUsage.rss(),
    };
    lastMachine = machine;
    lastProcess = process.cpuUsage();
    lastAt = now;
    return usage;
  };
}

function machineTimes(): { all: number; idle: number } {
  let all = 0;
  let idle = 0;
  for (const { times } of cpus()) {
    all += times.user + times.nice + times.sys + times.irq + times.idle;
    idle += times.idle;
  }
  return { all, idle };
}

/** One digit behind the point. */
function percent(share: number): number {
  return Math.max(0, Math.round(share * 1_000) / 10);
}
