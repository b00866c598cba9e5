import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { systemdUnit } from '../../src-main/service/systemd-unit.ts';
import { natsServerPath } from '../support/nats-server.ts';
import { notifyListener } from '../support/notify-listener.ts';
import { canStartProgram } from '../support/program.ts';
import { SYSTEM_SPEC } from '../support/service-specs.ts';
import { sparePort } from '../support/spare-port.ts';
import { canConfine, hasSystemdTool } from '../support/systemd.ts';
import { isPackedTested, testedProgram } from '../support/tested-program.ts';
import { until } from '../support/until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONFINED = fileURLToPath(new URL('../support/confined.py', import.meta.url));
/** Where the program is seen from inside. */
const INSIDE = '/srv/program';

describe.skipIf(!(await canStartProgram()) || !hasSystemdTool('systemd-notify') || !canConfine())('held in as the unit says', () => {
  it('the scheduler starts, with its NATS server, tells that it is ready and stops in order', async () => {
    await using listener = await notifyListener();
    chmodSync(listener.socket, 0o777);
    await using service = await confined(listener.socket, []);
    await listener.heard('READY=1').catch((error: unknown) => {
      throw new Error(service.output(), { cause: error });
    });
    const status = readFileSync(`/proc/${service.pid}/status`, 'utf8');
    // Filtered, no new rights, none at all, and nobody's account.
    for (const line of ['Seccomp:\t2', 'NoNewPrivs:\t1', 'CapBnd:\t0000000000000000', 'CapEff:\t0000000000000000', 'Uid:\t61234\t61234']) expect(status).toContain(line);
    expect(await service.get('readyz')).toBe(200);
    await service.stop();
    await listener.heard('STOPPING=1');
    expect(service.output()).toMatch(/NATS server stopped[\s\S]*Stopped/);
    expect(service.code()).toBe(0);
  });

  it('a program that writes outside of its folders, or runs what it wrote, is not let', async () => {
    const script = `
      const { writeFileSync, chmodSync } = require('node:fs'); const { spawnSync } = require('node:child_process'); const tried = {};
      const trying = (name, act) => { try { act(); tried[name] = 'done'; } catch (error) { tried[name] = error.code; } };
      for (const file of ['/var/lib/natsjob/x', '/var/log/natsjob/x', '/var/lib/natsjob/runtime/x', '/etc/x', '/srv/conf/x', '/usr/x']) trying(file, () => { writeFileSync(file, '#!/bin/sh\\n'); chmodSync(file, 0o700); });
      for (const file of ['/var/lib/natsjob/x', '/var/lib/natsjob/runtime/x']) trying('run ' + file, () => { const { error, status } = spawnSync(file); if (error) throw error; if (status) throw { code: status }; });
      console.log(JSON.stringify(tried));`;
    await using service = await confined(undefined, ['-e', script]);
    await service.ended;
    expect(service.output()).toContain('{');
    expect(JSON.parse(service.output())).toEqual({
      '/var/lib/natsjob/x': 'done', '/var/log/natsjob/x': 'done', '/var/lib/natsjob/runtime/x': 'done', '/etc/x': 'EROFS', '/srv/conf/x': 'EROFS', '/usr/x': 'EROFS',
      'run /var/lib/natsjob/x': 'EACCES', 'run /var/lib/natsjob/runtime/x': 'done',
    });
  });
});

/** What the system's unit starts; with node arguments instead of the scheduler when some are given. */
async function confined(notifySocket: string | undefined, instead: readonly string[]) {
  const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-confined-'));
  const httpPort = await sparePort();
  const node = path.relative(ROOT, process.execPath);
  const program = isPackedTested ? [`${INSIDE}/natsjob`] : [`${INSIDE}/${node}`, `${INSIDE}/dist/headless.mjs`];
  const flags = [`--http-port=${httpPort}`, `--nats-port=${await sparePort()}`, ...(isPackedTested ? [] : [`--nats-server=${INSIDE}/nats-server`])];
  const unit = systemdUnit({ ...SYSTEM_SPEC, program, confDir: '/srv/conf', httpPort, flags });
  // Quotes of a script are not for the unit's: it is put in as it is for this one reader.
  const words = instead.map((word) => `'${word.replaceAll('\n', ' ').replaceAll("'", `'"'"'`)}'`).join(' ');
  writeFileSync(path.join(folder, 'natsjob.service'), instead.length === 0 ? unit : unit.replace(/^ExecStart=.*$/m, () => `ExecStart=${INSIDE}/${node} ${words} -- --conf=/srv/conf`));
  const built = isPackedTested ? [`natsjob=${testedProgram}`] : [`dist=${path.join(ROOT, 'dist')}`, `nats-server=${await natsServerPath()}`];
  const parts = [`node_modules=${path.join(ROOT, 'node_modules')}`, ...built, ...(notifySocket === undefined ? [] : [`notify=${notifySocket}`])];
  const child = spawn('unshare', ['--mount', '/usr/bin/python3', CONFINED, path.join(folder, 'natsjob.service'), INSIDE, ...parts], {
    cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...(notifySocket === undefined ? {} : { NOTIFY_SOCKET: `${INSIDE}/notify` }) },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const get = (page: string): Promise<number> => fetch(`http://127.0.0.1:${httpPort}/${page}`).then(({ status }) => status, () => 0);
  if (instead.length === 0) {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}\n${output}`);
      return (await get('readyz')) === 200;
    }, { what: () => `the scheduler to be ready\n${output}` });
  }
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  return {
    pid: child.pid ?? 0, ended, get, stop, output: () => output, code: () => child.exitCode,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
