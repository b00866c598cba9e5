import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CHANNELS } from '../../src-main/desktop/model/bridge.ts';
import { BUNDLE, canStartDesktop, endNats, ownPorts } from '../support/electron/desktop-world.ts';

const HOOK = fileURLToPath(new URL('../support/electron/hook.ts', import.meta.url));
const canRun = await canStartDesktop();

describe.runIf(canRun)('the built main process', () => {
  let folder = '';
  let main: ChildProcess;
  let output = '';

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-desktop-'));
    output = '';
    const env = { ...process.env, ...(await ownPorts()), DESKTOP_TEST_FOLDER: folder };
    main = fork(HOOK, [path.join(BUNDLE, 'main.mjs')], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    for (const stream of [main.stdout, main.stderr]) stream?.on('data', (data: Buffer) => (output += data.toString()));
    const [shown] = (await Promise.race([once(main, 'message'), once(main, 'exit').then(([code]) => Promise.reject(new Error(`ended with ${code}\n${output}`)))])) as [{ shown: string }];
    expect(shown.shown).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#\/$/);
  });
  afterEach(async () => {
    if (main.exitCode === null && main.signalCode === null) {
      const gone = once(main, 'exit');
      main.kill('SIGKILL');
      await gone;
    }
    await endNats(path.join(folder, 'profile', 'data'));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  test('shows the panel and ends with 0 when it is asked to quit', async () => {
    main.send('quit');
    expect(await once(main, 'exit')).toEqual([0, null]);
  });

  test('ends with 1 after a rejection that nobody handles, and its log says why', async () => {
    main.send('fault');
    expect(await once(main, 'exit')).toEqual([1, null]);
    expect(readFileSync(path.join(folder, 'logs', 'desktop.log'), 'utf8')).toContain('a fault of this test');
  });
});

test('the bundles hold all they need but Electron and Node: the packed program has no node_modules', () => {
  const modules = readdirSync(BUNDLE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.mjs'));
  expect(modules.length).toBeGreaterThan(2);
  const asked = modules.flatMap((name) => [...readFileSync(path.join(BUNDLE, name), 'utf8').matchAll(/^(?:import|export)\b[^'"\n]*?from ["']([^"']+)["']|^import ["']([^"']+)["']|[^.\w]import\(["']([^"']+)["']\)/gm)].map((match) => match[1] ?? match[2] ?? match[3] ?? ''));
  expect(asked).toEqual(expect.arrayContaining(['electron']));
  expect(asked.filter((name) => name !== 'electron' && !name.startsWith('.') && !isBuiltin(name))).toEqual([]);
});

describe('the built preload', () => {
  const text = readFileSync(path.join(BUNDLE, 'preload.cjs'), 'utf8');

  /** As a sandboxed preload runs: with Electron's module and nothing else. */
  function run() {
    const exposed: Record<string, Record<string, (...args: unknown[]) => unknown>> = {};
    const invoked: string[] = [];
    const listeners = new Map<string, (...args: unknown[]) => void>();
    const electron = {
      contextBridge: { exposeInMainWorld: (name: string, value: (typeof exposed)[string]) => { exposed[name] = value; } },
      ipcRenderer: {
        invoke: async (channel: string) => void invoked.push(channel),
        on: (channel: string, listener: (...args: unknown[]) => void) => void listeners.set(channel, listener),
        removeListener: (channel: string) => void listeners.delete(channel),
      },
    };
    const require = (name: string): unknown => {
      if (name !== 'electron') throw new Error(`a sandboxed preload has no ${name}`);
      return electron;
    };
    vm.runInNewContext(text, { require, exports: {}, module: { exports: {} } });
    return { exposed, invoked, listeners };
  }

  test('gives the page six named calls and nothing else', async () => {
    const { exposed, invoked } = run();
    expect(Object.keys(exposed)).toEqual(['natsjobDesktop']);
    const desktop = exposed['natsjobDesktop'] ?? {};
    expect(Object.keys(desktop).toSorted()).toEqual(['checkForUpdates', 'getState', 'onState', 'oneTimeToken', 'openLogs', 'quit']);
    for (const name of ['oneTimeToken', 'openLogs', 'checkForUpdates', 'getState', 'quit']) await desktop[name]?.('natsjob:something-else');
    expect(invoked).toEqual([CHANNELS.oneTimeToken, CHANNELS.openLogs, CHANNELS.checkForUpdates, CHANNELS.getState, CHANNELS.quit]);
  });

  test('hands on the state without the event, which could send', () => {
    const { exposed, listeners } = run();
    const heard: unknown[][] = [];
    const stop = exposed['natsjobDesktop']?.['onState']?.((...args: unknown[]) => heard.push(args)) as () => void;
    listeners.get(CHANNELS.state)?.({ sender: { send: () => undefined } }, { phase: 'running' });
    expect(heard).toEqual([[{ phase: 'running' }]]);
    stop();
    expect(listeners.size).toBe(0);
  });
});
