import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPrint } from '../../../src-main/service/launchd-manager.ts';
import { serviceMachine, type MachineOptions, type ServiceMachine } from '../../support/service-machine.ts';

const PRINT = 'gui/501/natsjob = {\n\tactive count = 1\n\tpath = /Users/ada/Library/LaunchAgents/natsjob.plist\n\tstate = running\n\n\tprogram = /usr/local/bin/natsjob\n\tpid = 812\n\tlast exit code = 78\n}\n';

/** launchctl: a service is there from bootstrap to bootout. */
function mac(options: MachineOptions = {}): ServiceMachine {
  const machine: ServiceMachine = serviceMachine({
    platform: 'darwin', uid: 501,
    answer: (line) => {
      if (!line.startsWith('launchctl print')) return undefined;
      const last = machine.calls.findLast((call) => /launchctl (bootstrap|bootout)/.test(call));
      return last?.includes('bootstrap') ? { stdout: PRINT } : { code: 113, stderr: 'Could not find service' };
    },
    ...options,
  });
  return machine;
}

function acts(machine: ServiceMachine): string[] {
  return machine.calls.filter((call) => !call.includes(' print '));
}

describe('natsjob service on macOS', () => {
  const PLIST = '/home/ada/Library/LaunchAgents/natsjob.plist';

  it('loads an agent into the session of the person, and status reads what launchctl prints', async () => {
    using machine = mac();
    expect(await machine.natsjob('service', 'install', '--user')).toMatchObject({ code: 0, err: '' });
    expect(acts(machine)).toEqual(['launchctl enable gui/501/natsjob', `launchctl bootstrap gui/501 ${PLIST}`]);
    expect(readFileSync(path.join(machine.root, PLIST), 'utf8')).toContain('<string>--data=/home/ada/Library/Application Support/natsjob/data</string>');
    expect(existsSync(path.join(machine.root, '/home/ada/Library/Application Support/natsjob/conf/natsjob.env'))).toBe(false);
    expect(await machine.natsjob('service', 'status', '--user')).toEqual({ code: 0, out: 'natsjob: running (process 812)\n  running, last exit code 78', err: '' });
  });

  it('loads a daemon as the person behind sudo, who owns its folders', async () => {
    using machine = mac({ uid: 0, environment: { SUDO_USER: 'ada', NATSJOB_LOGIN_PWD: 'hush' } });
    await machine.natsjob('service', 'install');
    const support = '/Library/Application Support/natsjob';
    expect(acts(machine)).toEqual([
      ...[`${support}/data`, '/Library/Logs/natsjob', `${support}/conf`, `${support}/conf/login-pwd.secret`, `${support}/conf/config.yaml`].map((file) => `chown ada ${file}`),
      'launchctl enable system/natsjob', 'launchctl bootstrap system /Library/LaunchDaemons/natsjob.plist',
    ]);
    const plist = readFileSync(path.join(machine.root, '/Library/LaunchDaemons/natsjob.plist'), 'utf8');
    expect(plist).toContain('<key>UserName</key>\n  <string>ada</string>');
    expect(plist).not.toContain('hush');
    const mode = (file: string): number => statSync(path.join(machine.root, file)).mode & 0o777;
    // On the way to its folders the person has to get through those of root.
    expect([mode(support), mode(`${support}/data`), mode(`${support}/conf`), mode(`${support}/conf/login-pwd.secret`)]).toEqual([0o755, 0o700, 0o750, 0o600]);
  });

  it('starts, stops and starts anew by loading and unloading, and takes the list away at the end', async () => {
    using machine = mac();
    await machine.natsjob('service', 'install', '--user', '--no-start');
    expect(acts(machine)).toEqual([]);
    expect(await machine.natsjob('service', 'status', '--user')).toMatchObject({ code: 3 });
    for (const verb of ['start', 'start', 'restart', 'stop', 'stop', 'start']) expect((await machine.natsjob('service', verb, '--user')).code).toBe(0);
    expect(acts(machine).map((call) => call.split(' ')[1])).toEqual(['enable', 'bootstrap', 'kickstart', 'bootout', 'enable', 'bootstrap', 'bootout', 'enable', 'bootstrap']);
    expect(await machine.natsjob('service', 'uninstall', '--user')).toMatchObject({ code: 0, out: expect.stringContaining('/home/ada/Library/Application Support/natsjob/data') as string });
    expect(existsSync(path.join(machine.root, PLIST))).toBe(false);
    expect(await machine.natsjob('service', 'status', '--user')).toMatchObject({ code: 4 });
  });

  it('says what launchctl said when it will not load', async () => {
    using machine = mac({ answer: (line) => (line.includes('bootstrap') ? { code: 5, stderr: 'Bootstrap failed: 5: Input/output error' } : line.includes('print') ? { code: 113 } : undefined) });
    expect(await machine.natsjob('service', 'install', '--user')).toMatchObject({ code: 1, err: expect.stringContaining('Bootstrap failed: 5: Input/output error. Look at: /home/ada/Library/Logs/natsjob/natsjob.out.log') as string });
  });

  it('takes what it does not find in the print for not known', () => {
    expect(readPrint('x = {\n\tstate = spawn scheduled\n\tlast exit code = (never exited)\n}', true)).toEqual({ installed: true, running: false, enabled: undefined, pid: undefined, detail: 'spawn scheduled' });
    expect(readPrint('', true)).toMatchObject({ running: false, detail: 'unknown' });
  });
});

describe('natsjob service on Windows', () => {
  const HELPER = 'C:\\natsjob\\natsjob-helper.exe';
  const RUNNING = '{"name":"natsjob","installed":true,"state":"running","pid":77,"exitCode":0,"start":"automatic"}\n';
  const GONE = '{"name":"natsjob","installed":false,"exitCode":0}\n';

  function windows(options: MachineOptions = {}): ServiceMachine {
    const machine: ServiceMachine = serviceMachine({
      platform: 'win32', helper: HELPER, program: ['C:\\natsjob\\natsjob.exe'], environment: { ProgramData: 'C:\\ProgramData' },
      answer: (line) => {
        if (!line.includes('service status')) return undefined;
        const last = machine.calls.findLast((call) => /service (un)?install/.test(call));
        return last !== undefined && last.includes('service install') ? { stdout: RUNNING } : { code: 3, stdout: GONE };
      },
      ...options,
    });
    return machine;
  }

  it('lets the helper install it, with the folders in ProgramData', async () => {
    using machine = windows();
    expect(await machine.natsjob('service', 'install')).toMatchObject({ code: 0, err: '' });
    expect(machine.calls).toEqual([
      `${HELPER} service status --name natsjob`,
      `${HELPER} service install --name natsjob --display natsjob --description Job scheduler over NATS --dir C:\\ProgramData\\natsjob -- C:\\natsjob\\natsjob.exe serve --data=C:\\ProgramData\\natsjob\\data --conf=C:\\ProgramData\\natsjob\\conf --logs=C:\\ProgramData\\natsjob\\logs --stop-with-stdin`,
      `${HELPER} service start --name natsjob`,
    ]);
    expect(await machine.natsjob('service', 'status')).toEqual({ code: 0, out: 'natsjob: running (process 77), starts by itself\n  running', err: '' });
  });

  it('keeps a service that is there unless it is forced', async () => {
    using machine = windows();
    await machine.natsjob('service', 'install', '--no-start');
    expect(await machine.natsjob('service', 'install')).toMatchObject({ code: 1, err: expect.stringContaining('--force') as string });
    await machine.natsjob('service', 'install', '--force');
    expect(machine.calls.map((call) => call.slice(HELPER.length + 9).split(' ')[0])).toEqual(['status', 'install', 'status', 'status', 'uninstall', 'install', 'restart'].flatMap((verb) => (verb === 'restart' ? ['stop', 'start'] : [verb])));
  });

  it.each([
    [4, 'Run as administrator'],
    [3, 'No service is called natsjob'],
    [1, 'failed with code 1: service natsjob cannot be started'],
  ])('says in a line what code %i of the helper means', async (code, told) => {
    using machine = windows({ answer: (line) => (line.includes('status') ? { stdout: RUNNING } : { code, stderr: 'service natsjob cannot be started' }) });
    expect(await machine.natsjob('service', 'start')).toMatchObject({ code: 1, err: expect.stringContaining(told) as string });
  });

  it('has none for one person only, and none without the helper', async () => {
    using machine = windows();
    expect(await machine.natsjob('service', 'install', '--user')).toMatchObject({ code: 2, err: expect.stringContaining('leave out --user') as string });
    using bare = windows({ helper: undefined as unknown as string });
    expect(await bare.natsjob('service', 'status')).toMatchObject({ code: 1, err: expect.stringContaining('natsjob-helper.exe') as string });
  });
});

it('elsewhere there is no service, and a line says so', async () => {
  using machine = serviceMachine({ platform: 'freebsd' });
  expect(await machine.natsjob('service', 'status')).toMatchObject({ code: 1, err: expect.stringContaining('freebsd') as string });
});
