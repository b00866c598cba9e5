import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { LONGEST_QUIT_MS } from '../../../src-main/desktop/model/quit-order.ts';
import { startDesktop } from '../../../src-main/desktop/shell/start-desktop.ts';
import type { ShellSurroundings } from '../../../src-main/desktop/shell/surroundings.ts';
import { natsServerPath } from '../nats-server.ts';
import { sparePort } from '../spare-port.ts';
import { until } from '../until.ts';
import { electronStandIn, type StandIn, type StandInOptions } from './stand-in.ts';
import type { StandInWindow } from './stand-in-window.ts';

export const BUNDLE = fileURLToPath(new URL('../../../dist/desktop', import.meta.url));
export const CORE = fileURLToPath(new URL('../../../dist/desktop-core', import.meta.url));
/** Only for what never comes: a busy machine is slow. */
const READY_MS = 60_000;

export interface DesktopWorldOptions extends Partial<Omit<StandInOptions, 'folder' | 'onExit'>> {
  readonly platform?: NodeJS.Platform;
  readonly argv?: readonly string[];
  /** Default: one that is gone afterwards. */
  readonly folder?: string;
  readonly around?: Partial<ShellSurroundings>;
}

/** The shell on the stand-in, with the real scheduler in a process of its own. */
export interface DesktopWorld extends StandIn {
  readonly folder: string;
  /** Exit codes, as they came. */
  readonly exits: readonly number[];
  readonly environment: Readonly<Record<string, string>>;
  window(): StandInWindow;
  /** Of the panel, once its window shows it. */
  untilShown(): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Whether there is what these tests need; throws when the bundles are missing. */
export async function canStartDesktop(): Promise<boolean> {
  if (!existsSync(path.join(BUNDLE, 'main.mjs'))) throw new Error('dist/desktop is missing: `npm test` builds it before these tests, by hand it is npm run build:desktop');
  return (await natsServerPath()) !== undefined;
}

/** Settings of a scheduler of its own. */
export async function ownPorts(): Promise<Record<string, string>> {
  return { NATSJOB_HTTP_PORT: String(await sparePort()), NATSJOB_NATS_PORT: String(await sparePort()), NATSJOB_NATS_SERVER: (await natsServerPath()) ?? '', NATSJOB_LOGIN_PWD: 'a password of this test' };
}

/** Starts the shell as its entry does; of a second instance nothing but its end is seen. */
export async function startWorld(options: DesktopWorldOptions = {}): Promise<DesktopWorld> {
  const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), 'natsjob-test-desktop-'));
  mkdirSync(folder, { recursive: true });
  const environment = { ...(options.fork ? {} : await ownPorts()), ...(options.environment as Record<string, string> | undefined) };
  const exits: number[] = [];
  const standIn = electronStandIn({ ...options, folder, environment, onExit: (code) => exits.push(code) });
  const window = (): StandInWindow => {
    const [first] = standIn.windows;
    if (!first) throw new Error('no window is open');
    return first;
  };
  await startDesktop({
    electron: standIn.electron, platform: options.platform ?? 'linux', argv: options.argv ?? ['natsjob'], environment: { HOME: folder }, execPath: path.join(folder, 'program', 'natsjob'),
    timers: {
      now: () => Date.now(),
      after(ms, callback) {
        // A scheduler that ends is not killed for being slow on a busy machine; that one which hangs is has its own tests.
        const timer = setTimeout(callback, ms === LONGEST_QUIT_MS ? READY_MS : ms);
        return () => clearTimeout(timer);
      },
    },
    bundleDir: BUNDLE, coreDir: CORE, trayIconDir: '/icons', hasFeed: false, loadUpdater: () => Promise.reject(new Error('no updates in this test')), ...options.around,
  });
  return {
    ...standIn, folder, exits, environment, window,
    async untilShown() {
      await until(() => standIn.windows.size > 0 && window().isVisible(), { deadlineMs: READY_MS, what: () => `a window; called so far: ${standIn.recorder.calls.map(({ what, args }) => `${what} ${JSON.stringify(args).slice(0, 300)}`).join('\n')}` });
      return window().webContents.getURL();
    },
    async [Symbol.asyncDispose]() {
      if (standIn.utilities.length > 0 && exits.length === 0) {
        standIn.app.quit();
        await until(() => exits.length > 0, { deadlineMs: READY_MS, what: 'the end of the program' });
      }
      for (const { pid } of standIn.utilities) await until(() => !isAlive(pid), { deadlineMs: READY_MS, what: 'the end of the scheduler' });
      const dataDir = path.join(folder, 'profile', 'data');
      // Another world may have the folder.
      if (!isAlive(holderOf(dataDir))) await endNats(dataDir);
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What a killed scheduler leaves: its NATS server, which the next one would take over. */
export async function endNats(dataDir: string): Promise<void> {
  // A scheduler that is just about to end would start it again.
  const holder = holderOf(dataDir);
  await until(() => !isAlive(holder), { deadlineMs: READY_MS, what: 'the end of the scheduler' });
  const pid = Number(readText(path.join(dataDir, 'nats', 'nats-server.pid')));
  if (pid <= 1 || !isAlive(pid)) return;
  process.kill(pid, 'SIGKILL');
  await until(() => !isAlive(pid), { deadlineMs: READY_MS, what: 'the end of the NATS server' });
}

/** Of the process that has the data folder, or had it last. */
function holderOf(dataDir: string): number | undefined {
  const [, pid] = /"pid":\s*(\d+)/.exec(readText(path.join(dataDir, 'natsjob.lock.json'))) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/** Empty when there is none (any more). */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function isAlive(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}
