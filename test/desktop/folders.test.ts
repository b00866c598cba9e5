import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { canStartDesktop, startWorld } from '../support/electron/desktop-world.ts';
import { until } from '../support/until.ts';

const canRun = await canStartDesktop();

describe.runIf(canRun)('folders and ports of the desktop console', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-desktop-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  test('a natsjob that has the data folder is found by its lock, and its address is offered', async () => {
    await using first = await startWorld({ folder });
    const origin = new URL(await first.untilShown()).origin;
    await using second = await startWorld({ folder });
    await second.untilShown();
    const scheduler = first.utilities[0]?.pid;
    expect(second.recorder.of('dialog.showMessageBox')[0]?.[0]).toMatchObject({ message: 'Another natsjob works here', detail: expect.stringContaining(`process ${scheduler}`) });
    expect(second.recorder.last('window.loadURL')).toEqual([`${origin}/#/`]);
  });

  test('a port that another program has is no reason not to start', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    mkdirSync(path.join(folder, 'profile', 'conf'), { recursive: true });
    writeFileSync(path.join(folder, 'profile', 'conf', 'config.yaml'), `NATSJOB_HTTP_PORT: ${port}\n`);
    try {
      await using world = await startWorld({ folder, environment: { NATSJOB_HTTP_PORT: '' } });
      const shown = new URL(await world.untilShown());
      expect(shown.hostname).toBe('127.0.0.1');
      expect(shown.port).not.toBe(String(port));
      expect((await fetch(`${shown.origin}/healthz`)).status).toBe(200);
    } finally {
      other.close();
    }
  });

  test('settings that cannot be used are said and end the program; it is not tried again', async () => {
    mkdirSync(path.join(folder, 'profile', 'conf'), { recursive: true });
    writeFileSync(path.join(folder, 'profile', 'conf', 'config.yaml'), 'NATSJOB_HTTP_PROT: 1\n');
    await using world = await startWorld({ folder });
    await until(() => world.exits.length > 0, { deadlineMs: 60_000, what: 'the end' });
    expect(world.recorder.last('dialog.showErrorBox')).toEqual(['natsjob cannot start', expect.stringContaining('Did you mean NATSJOB_HTTP_PORT?')]);
    expect(world.utilities).toHaveLength(1);
  });
});
