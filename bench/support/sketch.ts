import type { BenchNats } from './nats.ts';
import { cpuUs } from './proc.ts';
import type { Side } from './side.ts';

export interface SketchResult {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly natsCpuUs: number;
}

/** Lets a limit sketch that is ready run; its figures by its own count. */
export async function runSketch(sketch: Side, nats: BenchNats): Promise<SketchResult> {
  sketch.send({ type: 'go' });
  await sketch.next('begin');
  const before = cpuUs(nats.pid);
  const { runs, seconds, cpuUs: own } = await sketch.next<{ runs: number; seconds: number; cpuUs: number }>('end');
  return { perSecond: runs / seconds, cpuUs: own, natsCpuUs: (cpuUs(nats.pid) - before) / runs };
}
