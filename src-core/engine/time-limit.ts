import type { CancelTimer, Clock } from '../ports/index.ts';

/**
 * Acts when the time is up for something that comes from outside. A process that stood still until then first takes what has come
 * meanwhile: its timers would act before its sockets are read, and nobody else was late.
 */
export function timeLimit(clock: Pick<Clock, 'after' | 'soon'>, limitMs: number, action: () => void): CancelTimer {
  let isWaiting = true;
  const cancel = clock.after(limitMs, () => clock.soon(() => {
    if (isWaiting) action();
  }));
  return () => {
    isWaiting = false;
    cancel();
  };
}
