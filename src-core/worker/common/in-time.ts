import type { Clock } from '../../ports/clock.ts';

/** Settles as `what` does; rejects with what `tooLate` makes when so many ms are over first. Undefined, and Infinity: there is no limit. */
export function inTime<Result>(clock: Clock, ms: number | undefined, what: Promise<Result>, tooLate: () => Error): Promise<Result> {
  if (ms === undefined || ms === Number.POSITIVE_INFINITY) return what;
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(tooLate()));
    what.then(resolve, reject).finally(cancel);
  });
}
