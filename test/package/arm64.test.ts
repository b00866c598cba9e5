import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { endProcess } from '../support/end-process.ts';
import { completedRuns, makeTickingJob, packedFile, processesOf, startPacked } from '../support/packed-program.ts';
import { startPlainWorker } from '../support/plain-worker.ts';
import { until } from '../support/until.ts';

const QEMU = '/usr/bin/qemu-aarch64-static';
const LIBRARIES = '/usr/aarch64-linux-gnu';
const SLOW_MS = 180_000;

/** Installed on Debian as root when missing; elsewhere false, loudly, and an error in CI. */
function hasEmulator(): boolean {
  if (process.platform !== 'linux' || process.arch !== 'x64') return false;
  const isThere = (): boolean => existsSync(QEMU) && existsSync(`${LIBRARIES}/lib/libstdc++.so.6`);
  if (!isThere()) spawnSync(process.execPath, [fileURLToPath(new URL('../../build/debian.mjs', import.meta.url)), 'ensure', 'qemu-user-static', 'libc6-arm64-cross', 'libstdc++6-arm64-cross'], { stdio: 'inherit' });
  if (isThere()) return true;
  if (process.env['CI']) throw new Error('qemu-user-static and the arm64 libraries are missing, and CI may not skip what needs them');
  process.stderr.write('\n*** SKIPPED *** The arm64 program needs qemu-user-static, libc6-arm64-cross and libstdc++6-arm64-cross.\n');
  return false;
}

const packed = packedFile('linux-arm64');

describe.skipIf(packed === undefined || !hasEmulator())('the packed program for linux-arm64, in an emulator', () => {
  test('starts, fires, shows its view and stops', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-arm64-'));
    try {
      // Without the kernel's help a started arm64 program is not recognised: nats-server goes through the emulator by a script,
      // which finds it where the program itself has unpacked it.
      const natsServer = path.join(folder, 'nats-server.sh');
      writeFileSync(natsServer, `#!/bin/sh\nexec ${QEMU} -L ${LIBRARIES} ${folder}/data/runtime/*/nats-server "$@"\n`);
      chmodSync(natsServer, 0o755);
      await using served = await startPacked({ command: QEMU, args: ['-L', LIBRARIES, packed!.file], cwd: folder, env: { NATSJOB_NATS_SERVER: natsServer }, readyMs: SLOW_MS });
      await using worker = await startPlainWorker({ url: served.natsUrl, namespace: 'packed', app: 'arm', answer: () => ({ status: 'success' }) });
      await makeTickingJob(served.api, 'arm');
      await until(async () => (await completedRuns(served.api)) >= 2, { deadlineMs: SLOW_MS, what: () => `two runs to be completed\n${served.output()}` });
      await until(() => worker.answered >= 2, { deadlineMs: SLOW_MS, what: 'the worker to hear that its answers are stored' });
      expect(await (await fetch(`${served.url}/`)).text()).toContain('<html');
      expect((await served.api.get('/database')).body).toMatchObject({ kind: 'sqlite' });
      expect(readdirSync(path.join(folder, 'data', 'runtime')).length).toBe(1);
      expect(await served.stop()).toBe(0);
      expect(processesOf(folder)).toEqual([]);
    } finally {
      for (const { pid } of processesOf(folder)) endProcess(pid);
      rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
    }
  }, 3 * SLOW_MS);

  test('tells its architecture', () => {
    const { stdout } = spawnSync(QEMU, ['-L', LIBRARIES, packed!.file, 'version'], { env: {}, encoding: 'utf8' });
    expect(stdout).toContain('linux-arm64');
  });
});
