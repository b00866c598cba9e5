import { serveCalls } from '../src-core/http/index.ts';
import type { CallsOptions, ServedCalls } from '../src-core/http/index.ts';

/**
 * Answers calls of workers from when the scheduler has started: one of several nodes gets each call, and one that only could say
 * that it is starting must not be it.
 */
export function serveCallsOnceStarted(started: Promise<void>, options: CallsOptions): ServedCalls {
  let calls: ServedCalls | undefined;
  let isOver = false;
  started.then(() => {
    if (!isOver) calls = serveCalls(options);
  }, () => undefined);
  return {
    async stop() {
      isOver = true;
      await calls?.stop();
    },
  };
}
