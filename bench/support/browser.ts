import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';
import type { CaseContext } from './types.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export function chromiumPath(): string {
  const found = PLACES.find((place) => existsSync(place));
  if (found === undefined) throw new Error('This case needs Chromium (Debian: apt-get install chromium)');
  return found;
}

/** `port`: where others may steer it too. */
export async function openBrowser(context: CaseContext, port?: number): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: chromiumPath(), timeout: 120_000,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--js-flags=--expose-gc', ...(port === undefined ? [] : [`--remote-debugging-port=${port}`])],
  });
  context.defer(() => browser.close());
  return browser;
}
