import { expect, test } from 'vitest';
import { systemMachine } from '../../../src-core/system/index.ts';
import { cpuMs } from '../../support/cpu-time.ts';

test('a machine tells its load from the second look on, and looks at most once a second', () => {
  let now = 0;
  const machine = systemMachine({ monotonic: () => now });
  const first = machine.look();
  expect(first).toMatchObject({ machineCpuPercent: undefined, processCpuPercent: undefined, platform: process.platform, arch: process.arch });
  expect(first.machineMemoryFreeBytes).toBeLessThan(first.machineMemoryBytes);
  expect(first.processMemoryBytes).toBeGreaterThan(10_000_000);
  now = 999;
  expect(machine.look()).toBe(first);
  // Work that the kernel's counters, ten milliseconds coarse, are sure to show: by what the process has had, not by the clock on the wall.
  const end = cpuMs() + 60;
  while (cpuMs() < end) JSON.stringify(first);
  now = 1_000;
  const second = machine.look();
  expect(second.processCpuPercent).toBeGreaterThan(0);
  expect(second.machineCpuPercent).toBeGreaterThan(0);
  expect(second.machineCpuPercent).toBeLessThanOrEqual(100);
});
