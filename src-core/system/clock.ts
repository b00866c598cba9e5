import type { CancelTimer, Clock } from '../ports/index.ts';

/** Node's timers take 31 bits of milliseconds and fire at once beyond that. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock. Timers keep the process alive until they fire or are cancelled. */
export function systemClock(): Clock {
  return { now: () => Date.now(), monotonic: () => performance.now(), after, soon };
}

function after(delayMs: number, action: () => void): CancelTimer {
  let timer: NodeJS.Timeout;
  arm(delayMs);
  return () => clearTimeout(timer);

  function arm(leftMs: number): void {
    if (leftMs <= LONGEST_TIMER_MS) timer = setTimeout(action, leftMs);
    else timer = setTimeout(() => arm(leftMs - LONGEST_TIMER_MS), LONGEST_TIMER_MS);
  }
}

/** The check phase of the event loop comes right after its poll for sockets. */
function soon(action: () => void): void {
  setImmediate(action);
}
