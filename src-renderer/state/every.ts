/**
 * Calls `act` every `ms` while the tab is seen, and at once when it is seen again after a pause.
 * Returns the way to end it: for `$effect(() => every(5000, () => list.reload()))`.
 */
export function every(ms: number, act: () => unknown): () => void {
  let lastAt = Date.now();
  const tick = (): void => {
    if (document.hidden) return;
    lastAt = Date.now();
    act();
  };
  const onVisible = (): void => {
    if (!document.hidden && Date.now() - lastAt >= ms) tick();
  };
  const timer = setInterval(tick, ms);
  document.addEventListener('visibilitychange', onVisible);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', onVisible);
  };
}

/** `act` at most once every `ms`, the last wish never lost. `cancel` drops a wish not acted on yet. */
export function throttled(ms: number, act: () => unknown): { (): void; cancel(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastAt = 0;
  const call = (): void => {
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      lastAt = Date.now();
      act();
    }, Math.max(0, lastAt + ms - Date.now()));
  };
  call.cancel = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  return call;
}
