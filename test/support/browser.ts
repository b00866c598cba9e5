import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page, Request } from 'playwright-core';
import { chromium } from 'playwright-core';
import { addJitter, slowMotion } from './jitter.ts';
import type { TestProgram } from './program.ts';
import { until } from './until.ts';

export type Language = 'en' | 'zh-CN';

export interface PanelOptions {
  readonly language?: Language;
  readonly theme?: 'light' | 'dark';
  /** Of the machine that the browser is on; Asia/Shanghai unless given. */
  readonly zone?: string;
  readonly width?: number;
  readonly height?: number;
  /** Further things remembered in the browser: `{ tabs: false }`. */
  readonly remembered?: Readonly<Record<string, unknown>>;
  /** False: the login page is shown. Default true. */
  readonly loggedIn?: boolean;
  /** Where the panel is, when it is not at the program's own address. */
  readonly base?: string;
  /** Axe has to put scripts into the page, which the panel's policy forbids. */
  readonly bypassPolicy?: boolean;
}

export interface Panel {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Goes to `#path` and waits until that page is in view. */
  open(path: string): Promise<void>;
  /** Resolves when the page asks for nothing more and nothing on it says that it is loading. */
  loaded(): Promise<void>;
  /** What went wrong in the browser so far: policy violations, errors, failed loads. Empty is the only good value. */
  readonly faults: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** Only for what never comes: a busy machine is slow. */
const HUNG_MS = 60_000;
/** Frames in a row in which nothing may be open: what one answer leads to is asked for in the next. */
const QUIET_LOOKS = 4;
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const DEBIAN = fileURLToPath(new URL('../../build/debian.mjs', import.meta.url));

/** The system's Chromium. On Debian as root it is installed when missing; elsewhere undefined, loudly, and an error in CI. */
export function findChromium(): string | undefined {
  const found = PLACES.find((place) => existsSync(place));
  if (found !== undefined) return found;
  const { status } = spawnSync(process.execPath, [DEBIAN, 'ensure', 'chromium', 'fonts-noto-cjk'], { stdio: 'inherit' });
  const installed = PLACES.find((place) => existsSync(place));
  if (status === 0 && installed !== undefined) return installed;
  if (process.env.CI) throw new Error('Chromium is missing, and CI may not skip the tests of the panel');
  process.stderr.write('SKIPPED: the tests of the panel need Chromium; install it (Debian: apt-get install chromium)\n');
  return undefined;
}

/** The address as the page itself has it: what `page.url()` tells may be a moment older than what is in view. */
export function hashOf(page: Page): Promise<string> {
  return page.evaluate(() => location.hash);
}

/** Undefined when there is no Chromium (see findChromium). */
export async function openBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('there is no Chromium');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'], slowMo: slowMotion() });
}

/** One window with the panel of that program, in a profile of its own. `await using` closes it. */
export async function openPanel(browser: Browser, program: Pick<TestProgram, 'url' | 'api'>, options: PanelOptions = {}): Promise<Panel> {
  const { language = 'en', theme = 'light', width = 1280, height = 800, loggedIn = true, bypassPolicy = false } = options;
  const base = options.base ?? `${program.url}/`;
  const context = await browser.newContext({ viewport: { width, height }, bypassCSP: bypassPolicy, locale: language, timezoneId: options.zone ?? 'Asia/Shanghai' });
  context.setDefaultTimeout(HUNG_MS);
  await addJitter(context);
  const remembered = { language, theme, ...options.remembered };
  const token = loggedIn ? await program.api.token() : undefined;
  await context.addInitScript(({ kept, tab }) => {
    for (const [name, value] of Object.entries(kept)) if (localStorage.getItem(`natsjob.${name}`) === null) localStorage.setItem(`natsjob.${name}`, JSON.stringify(value));
    if (tab !== undefined && sessionStorage.getItem('natsjob.first') === null) {
      sessionStorage.setItem('natsjob.first', 'done');
      sessionStorage.setItem('natsjob.token', tab);
    }
    document.addEventListener('securitypolicyviolation', (event) => console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
  }, { kept: remembered, tab: token });
  const faults: string[] = [];
  const page = await context.newPage();
  const pending = new Set<Request>();
  page.on('request', (request) => pending.add(request));
  for (const event of ['requestfinished', 'requestfailed'] as const) page.on(event as 'requestfinished', (request) => pending.delete(request));
  page.on('pageerror', (error) => faults.push(`error: ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of (400|401|403|404|409|412|422|429|503)|net::ERR|WebSocket connection/.test(message.text())) faults.push(`console: ${message.text()}`);
  });
  return {
    page, context, faults,
    async open(path) {
      if (page.url() === 'about:blank') await page.goto(`${base}#${path}`);
      else await page.evaluate((hash) => { location.hash = hash; }, `#${path}`);
      if (loggedIn) await page.locator(`[data-page=${JSON.stringify(path.split('?', 1)[0])}]`).waitFor({ state: 'attached' });
      await page.locator('h1').first().waitFor();
    },
    loaded: () => until(async () => {
      for (let look = 0; look < QUIET_LOOKS; look++) {
        await page.evaluate(() => new Promise(requestAnimationFrame));
        if (pending.size > 0 || (await page.locator('.animate-pulse').count()) > 0) return false;
      }
      return true;
    }, { deadlineMs: HUNG_MS, what: () => `the page to have loaded; open are ${[...pending].map((request) => request.url()).join(' ')}` }).then(() => {}),
    async [Symbol.asyncDispose]() {
      await context.close();
    },
  };
}
