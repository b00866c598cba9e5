import { arch, cpus, freemem, networkInterfaces, platform, totalmem } from 'node:os';
import type { Clock, Machine, MachineLook } from '../ports/index.ts';

const FRESH_MS = 1_000;

interface Reading {
  readonly at: number;
  readonly machineBusyMs: number;
  readonly machineAllMs: number;
  readonly processMs: number;
}

/** This machine and this process. */
export function systemMachine(clock: Pick<Clock, 'monotonic'>): Machine {
  let before: Reading | undefined;
  let last: { at: number; look: MachineLook } | undefined;
  return {
    look() {
      const at = clock.monotonic();
      if (last !== undefined && at - last.at < FRESH_MS) return last.look;
      const cores = cpus();
      const now = read(at, cores);
      const look: MachineLook = {
        ip: ownAddress(), platform: platform(), arch: arch(), cpuCount: cores.length,
        machineCpuPercent: before === undefined ? undefined : percent(now.machineBusyMs - before.machineBusyMs, now.machineAllMs - before.machineAllMs),
        machineMemoryBytes: totalmem(), machineMemoryFreeBytes: freemem(),
        processCpuPercent: before === undefined ? undefined : percent(now.processMs - before.processMs, now.at - before.at),
        processMemoryBytes: process.memoryUsage.rss(),
      };
      before = now;
      last = { at, look };
      return look;
    },
  };
}

function read(at: number, cores: ReturnType<typeof cpus>): Reading {
  let machineBusyMs = 0;
  let machineAllMs = 0;
  for (const { times: { user, nice, sys, idle, irq } } of cores) {
    machineBusyMs += user + nice + sys + irq;
    machineAllMs += user + nice + sys + irq + idle;
  }
  const { user, system } = process.cpuUsage();
  return { at, machineBusyMs, machineAllMs, processMs: (user + system) / 1_000 };
}

/** One digit behind the point; the counters of a machine that slept may jump. */
function percent(part: number, whole: number): number | undefined {
  return whole > 0 ? Math.max(0, Math.round((part / whole) * 1_000) / 10) : undefined;
}

function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []).filter(({ internal }) => !internal);
  return (addresses.find(({ family }) => family === 'IPv4') ?? addresses[0])?.address ?? '';
}
