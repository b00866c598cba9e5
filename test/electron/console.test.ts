import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { _electron, chromium, type ElectronApplication, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUNDLE, endNats, ownPorts } from '../support/electron/desktop-world.ts';
import { electronBinary, executableOf, packedProgram } from '../support/electron/real-electron.ts';
import { sparePort } from '../support/spare-port.ts';
import { until } from '../support/until.ts';

const binary = electronBinary();
const packed = packedProgram();
const LONG_MS = 60_000;

/** What the functions that run in the page find there. */
interface PageGlobals {
  readonly natsjobDesktop: object;
  readonly require?: unknown;
  readonly process?: unknown;
  location: { href: string };
  open(url: string): unknown;
  readonly Notification: { requestPermission(): Promise<string> };
}

test('Electron is here', () => {
  if (binary === undefined) process.stderr.write('\nSKIPPED: Electron is not installed, so the desktop console was NOT tried in it. `npx install-electron` brings it.\n\n');
  expect(binary !== undefined || process.env['CI'] !== 'true', 'in CI Electron must be installed: npx install-electron').toBe(true);
});

describe.runIf(binary)('the desktop console in Electron', () => {
  let folder = '';
  let env: Record<string, string> = {};
  let app: ElectronApplication;
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-electron-'));
    // Everything of it in a folder of the test's own, as a portable copy has it.
    env = { ...(process.env as Record<string, string>), ...(await ownPorts()), PORTABLE_EXECUTABLE_DIR: folder };
    app = await _electron.launch({ executablePath: binary ?? '', args: [BUNDLE], env });
    page = await app.firstWindow();
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    await page.locator('[data-page="/"]').waitFor({ state: 'attached', timeout: LONG_MS });
  });
  afterAll(async () => {
    await app?.close();
    await endNats(path.join(folder, 'natsjob-data', 'data'));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  test('shows the panel of this machine without asking for a login', async () => {
    expect(page.url()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#\//);
    expect(await page.locator('input[type=password]').count()).toBe(0);
  });

  test('gives the page its six calls and nothing of Node', async () => {
    const found = await page.evaluate(() => {
      const globals = globalThis as unknown as PageGlobals;
      return { calls: Object.keys(globals.natsjobDesktop).sort(), node: [typeof globals.require, typeof globals.process] };
    });
    expect(found).toEqual({ calls: ['checkForUpdates', 'getState', 'onState', 'oneTimeToken', 'openLogs', 'quit'], node: ['undefined', 'undefined'] });
  });

  test('stays on the panel, opens no window, and gets no permission', async () => {
    await page.evaluate(() => { (globalThis as unknown as PageGlobals).location.href = 'https://example.org/'; });
    expect(await page.evaluate(() => (globalThis as unknown as PageGlobals).open('https://example.org/') === null)).toBe(true);
    expect(await page.evaluate(() => (globalThis as unknown as PageGlobals).Notification.requestPermission())).toBe('denied');
    expect(page.url()).toMatch(/^http:\/\/127\.0\.0\.1:/);
    expect(app.windows()).toHaveLength(1);
  });

  test('has a menu, and a scheduler in a process of its own', async () => {
    const { menu, processes } = await app.evaluate(({ app, Menu }) => ({ menu: Menu.getApplicationMenu()?.items.map(({ label }) => label), processes: app.getAppMetrics().map(({ name }) => name) }));
    expect(menu).toContain('Help');
    expect(processes).toContain('scheduler');
  });

  test('a second instance ends, leads the first one where its link says, and changes nothing else', async () => {
    const second = spawn(binary ?? '', [BUNDLE, 'natsjobx://run/4711'], { env, stdio: 'ignore' });
    expect(await once(second, 'exit')).toEqual([0, null]);
    await page.waitForURL(/#\/runs\/4711$/);
  });

  test('starts a killed scheduler again; the panel goes on', async () => {
    const pidOf = () => app.evaluate(({ app }) => app.getAppMetrics().find(({ name }) => name === 'scheduler')?.pid);
    const killed = (await pidOf()) ?? 0;
    process.kill(killed, 'SIGKILL');
    await until(async () => {
      const now = await pidOf();
      return now !== undefined && now !== killed;
    }, { deadlineMs: LONG_MS, what: 'another scheduler' });
    const origin = new URL(page.url()).origin;
    await until(() => fetch(`${origin}/readyz`).then(({ status }) => status === 200, () => false), { deadlineMs: LONG_MS, what: 'the scheduler to be ready' });
  });

  test('broke no rule of the page’s policy on the way', () => {
    expect(faults.filter((fault) => /Content Security Policy|TrustedTypes|Refused to/.test(fault))).toEqual([]);
  });

  test('quits in order', async () => {
    const ended = once(app.process(), 'exit');
    await app.evaluate(({ app }) => app.quit());
    expect(await ended).toEqual([0, null]);
  });
});

describe.runIf(binary && packed)('the packed console', () => {
  test('has its fuses blown', async () => {
    const { fusesFor, readFuses } = await import('../../build/package/desktop/fuses.mjs');
    const os = ({ linux: 'linux', darwin: 'macos', win32: 'win' } as const)[process.platform as 'linux' | 'darwin' | 'win32'];
    const { enableCookieEncryption: _signed, ...wanted } = fusesFor(os, { isSigned: false });
    expect(await readFuses(packed ?? '')).toMatchObject(wanted);
  });

  // No inspector gets into a packed one, so its page is looked at from outside.
  test('shows the panel without a login, of its own parts', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-electron-'));
    const port = await sparePort();
    const { NATSJOB_NATS_SERVER: _bundled, ...ports } = await ownPorts();
    const program = spawn(executableOf(packed ?? ''), [`--remote-debugging-port=${port}`], { env: { ...process.env, ...ports, PORTABLE_EXECUTABLE_DIR: folder }, stdio: 'ignore' });
    const ended = once(program, 'exit');
    try {
      const browser = await until(() => chromium.connectOverCDP(`http://127.0.0.1:${port}`).catch(() => undefined), { deadlineMs: LONG_MS, what: 'the window’s debugger' });
      const page = await until(() => browser.contexts().flatMap((context) => context.pages())[0], { deadlineMs: LONG_MS, what: 'a window' });
      await page.locator('[data-page="/"]').waitFor({ state: 'attached', timeout: LONG_MS });
      expect(await page.locator('input[type=password]').count()).toBe(0);
      await page.evaluate(() => void (globalThis as unknown as { natsjobDesktop: { quit(): Promise<void> } }).natsjobDesktop.quit());
      expect(await ended).toEqual([0, null]);
    } finally {
      program.kill('SIGKILL');
      await endNats(path.join(folder, 'natsjob-data', 'data'));
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
