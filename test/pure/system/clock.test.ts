import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src-core/system/index.ts';

describe('the system clock', () => {
  it('fires a timer once, and not at all once it is cancelled', async () => {
    const clock = systemClock();
    let cancelled = 0;
    clock.after(1, () => cancelled++)();
    await new Promise<void>((resolve) => clock.after(5, resolve));
    expect(cancelled).toBe(0);
  });

  it('takes delays beyond what a timer of Node holds', async () => {
    const warnings: string[] = [];
    const listen = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', listen);
    systemClock().after(2 ** 40, () => { throw new Error('fired'); })();
    // Warnings come a moment later.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    expect(warnings).not.toContain('TimeoutOverflowWarning');
  });

  it('goes on soon, after what waits on the sockets', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock().soon(() => { order.push('soon'); resolve(); });
      queueMicrotask(() => order.push('microtask'));
    });
    expect(order).toEqual(['microtask', 'soon']);
  });
});
