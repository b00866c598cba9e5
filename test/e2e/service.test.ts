import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { canStartProgram } from '../support/program.ts';
import { natsServerPath } from '../support/nats-server.ts';
import { isPackedTested, testedCommand } from '../support/tested-program.ts';
import { sparePort } from '../support/spare-port.ts';
import { until } from '../support/until.ts';

/** Stands in for systemctl: notes what it is asked, and knows a unit as active from its start to its end. */
const SYSTEMCTL = `#!/bin/sh
echo "$*" >> "$HOME/asked"
case "$*" in
  *" show natsjob"*) if [ -e "$HOME/started" ]; then echo LoadState=loaded; echo ActiveState=active; echo SubState=running; echo UnitFileState=enabled; echo MainPID=77
    elif [ -e "$HOME/.config/systemd/user/natsjob.service" ]; then echo LoadState=loaded; echo ActiveState=inactive; echo SubState=dead; echo UnitFileState=enabled
    else echo LoadState=not-found; fi ;;
  *" start "*) touch "$HOME/started" ;;
  *" stop "*|*"disable --now"*) rm -f "$HOME/started" ;;
esac
`;

describe.skipIf(process.platform !== 'linux' || !(await canStartProgram()))('a service of one person', () => {
  it('is installed, told, stopped and uninstalled by the program, and what the unit starts is the scheduler', async () => {
    using home = await personHome();
    const { natsjob, file } = home;
    expect(natsjob('service', 'status', '--user')).toMatchObject({ code: 4, out: 'natsjob: not installed\n' });
    const [httpPort, natsPort] = [await sparePort(), await sparePort()];
    const installed = natsjob('service', 'install', '--user', `--http-port=${httpPort}`, `--nats-port=${natsPort}`);
    expect([installed.code, installed.err.replace(/natsjob: .* lies where files come and go.*\n/g, '')]).toEqual([0, '']);
    expect(installed.out).toContain(file('.config/systemd/user/natsjob.service'));
    expect(natsjob('service', 'status', '--user')).toMatchObject({ code: 0, out: expect.stringContaining('running (process 77)') as string });

    // No word of this one needs quotes.
    const [program = '', ...words] = /^ExecStart=(.+)$/m.exec(readFileSync(file('.config/systemd/user/natsjob.service'), 'utf8'))?.[1]?.split(' ') ?? [];
    expect(program).toBe(testedCommand().command);
    const child = spawn(program, words, { cwd: file('.local/share/natsjob'), env: home.env, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('close', resolve));
    try {
      await until(() => fetch(`http://127.0.0.1:${httpPort}/readyz`).then(({ ok }) => ok, () => false), { what: 'the scheduler of the unit to be ready' });
    } finally {
      child.kill();
      expect(await ended).toBe(0);
    }
    expect([existsSync(file('.local/share/natsjob/natsjob.sqlite')), existsSync(file('.local/state/natsjob/logs/natsjob.log'))]).toEqual([true, true]);
    expect(statSync(file('.config/natsjob/config.yaml')).mode & 0o777).toBe(0o600);

    expect(natsjob('service', 'stop', '--user')).toMatchObject({ code: 0 });
    expect(natsjob('service', 'status', '--user')).toMatchObject({ code: 3 });
    expect(natsjob('service', 'uninstall', '--user')).toMatchObject({ code: 0, out: expect.stringContaining(file('.local/share/natsjob')) as string });
    expect([existsSync(file('.config/systemd/user/natsjob.service')), existsSync(file('.local/share/natsjob/natsjob.sqlite'))]).toEqual([false, true]);
    expect(readFileSync(file('asked'), 'utf8').split('\n').filter((line) => line !== '' && !line.includes(' show '))).toEqual([
      '--user daemon-reload', '--user enable natsjob.service', '--user start natsjob.service', '--user stop natsjob.service',
      '--user disable --now natsjob.service', '--user daemon-reload', '--user reset-failed natsjob.service',
    ]);
  });

  it('is not installed with settings that cannot be used', async () => {
    using home = await personHome();
    expect(home.natsjob('service', 'install', '--user', '--http-port=99999')).toMatchObject({ code: 78, err: expect.stringContaining('--http-port') as string });
    expect(existsSync(home.file('.config'))).toBe(false);
  });
});

interface PersonHome extends Disposable {
  readonly env: NodeJS.ProcessEnv;
  natsjob(...argv: string[]): { code: number | null; out: string; err: string };
  file(name: string): string;
}

async function personHome(): Promise<PersonHome> {
  const home = mkdtempSync(path.join(tmpdir(), 'natsjob-home-'));
  const file = (name: string): string => path.join(home, name);
  mkdirSync(file('bin'));
  writeFileSync(file('bin/systemctl'), SYSTEMCTL);
  chmodSync(file('bin/systemctl'), 0o755);
  const env = { HOME: home, PATH: `${file('bin')}:/usr/bin:/bin`, ...(isPackedTested ? {} : { NATSJOB_NATS_SERVER: (await natsServerPath()) ?? '' }) };
  return {
    env, file,
    natsjob(...argv) {
      const { command, args } = testedCommand(...argv);
      const { status, stdout, stderr } = spawnSync(command, args, { cwd: home, env, encoding: 'utf8' });
      return { code: status, out: stdout, err: stderr };
    },
    [Symbol.dispose]: () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }),
  };
}
