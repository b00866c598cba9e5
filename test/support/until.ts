const DEFAULT_DEADLINE_MS = 60_000;
const POLL_MS = 20;

export interface UntilOptions {
  /** Default a minute: a limit for what hangs, not for what is slow. */
  readonly deadlineMs?: number;
  /** For the message when the time is up: what was waited for, and how things stand. */
  readonly what?: string | (() => string);
}

/**
 * Asks again and again until the condition gives something truthy, and resolves with that. Rejects when the deadline has
 * passed, or at once when the condition throws. The only way tests wait for what they are not told.
 */
export async function until<T>(condition: () => T | Promise<T>, { deadlineMs = DEFAULT_DEADLINE_MS, what = 'what was waited for' }: UntilOptions = {}): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value) return value as Exclude<T, false | null | undefined | 0 | ''>;
    if (performance.now() > deadline) throw new Error(`${typeof what === 'string' ? what : what()}: not within ${deadlineMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
