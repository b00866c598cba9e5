import { cpus } from 'node:os';
import { machineCpuUs, ownCpuUs } from './proc.ts';
import type { Case, CaseContext, Figure } from './types.ts';

/** Runs one case and says how much of the machine others took meanwhile; whatever it has started is ended when this resolves or rejects. An interrupt ends it the same way. */
export async function runCase(run: Case, options: Omit<CaseContext, 'defer'>): Promise<readonly Figure[]> {
  const deferred: (() => Promise<void> | void)[] = [];
  const cleanUp = async (): Promise<void> => {
    for (let next = deferred.pop(); next !== undefined; next = deferred.pop()) await Promise.resolve(next()).catch(() => undefined);
  };
  let interruption: Promise<never> | undefined;
  const interrupted = (): void => {
    interruption ??= cleanUp().then(() => process.exit(130));
  };
  const from = { at: performance.now(), machine: machineCpuUs(), own: ownCpuUs() };
  process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
  try {
    return await run({ ...options, defer: (action) => void deferred.push(action) });
  } finally {
    await interruption;
    await cleanUp();
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    const others = (machineCpuUs() - from.machine - (ownCpuUs() - from.own)) / ((performance.now() - from.at) * 1000 * cpus().length);
    options.note(`others kept the machine busy to ${Math.max(0, Math.round(others * 100))} %`);
  }
}
