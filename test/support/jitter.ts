import type { BrowserContext } from 'playwright-core';
import { setTimeout as after } from 'node:timers/promises';

/**
 * What a slow machine does to a panel, on purpose: every request starts late, the page's thread stands still now and then, and so does
 * who tests it. `PANEL_JITTER=400 npm test -- --panel`; the number is the longest delay in ms. Tests that pass only with luck fail then.
 */
const JITTER_MS = Number(process.env.PANEL_JITTER ?? 0);

/** Between any two steps of a test. */
export function slowMotion(): number {
  return Math.random() < 0.5 ? 0 : Math.round(Math.random() * JITTER_MS / 4);
}

export async function addJitter(context: BrowserContext): Promise<void> {
  if (JITTER_MS === 0) return;
  await context.route('**/natsjob/**', async (route) => {
    await after(Math.random() * JITTER_MS);
    await route.fallback().catch(() => {}); // the page may be gone by now
  });
  await context.addInitScript((longest) => {
    const stand = () => {
      const until = performance.now() + Math.random() * longest / 2;
      while (performance.now() < until);
      setTimeout(stand, Math.random() * longest * 2);
    };
    setTimeout(stand);
  }, JITTER_MS);
}
