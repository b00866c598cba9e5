/** How far ahead of its handler a worker fetches: as much as is done in this time. */
const AHEAD_SECONDS = 0.05;
const MOST = 1_000;
const SAMPLE_MS = 20;
/** Over which the rate is averaged. */
const MEMORY_MS = 1_000;

/**
 * From how many runs were done until now, and when: how many to fetch beyond what is worked on. None while the handler
 * is slow, so that no run waits in one worker that another one could do. Call it as often as you like.
 */
export function prefetchOf(): (done: number, nowMs: number) => number {
  let perSecond = 0;
  let lastDone = 0;
  let lastMs = Number.NaN;
  return (done, nowMs) => {
    const passed = nowMs - lastMs;
    if (Number.isNaN(passed)) {
      lastMs = nowMs;
      lastDone = done;
    } else if (passed >= SAMPLE_MS) {
      const share = 1 - Math.exp(-passed / MEMORY_MS);
      perSecond += (((done - lastDone) * 1_000) / passed - perSecond) * share;
      lastDone = done;
      lastMs = nowMs;
    }
    return Math.min(MOST, Math.floor(perSecond * AHEAD_SECONDS));
  };
}
