import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { serviceMachine, type ServiceMachine } from '../../support/service-machine.ts';

const LOADED = 'LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nMainPID=4711\nStatusText=Ready as leader\nResult=success\nExecMainStatus=0\n';
const MISSING = 'LoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\nMainPID=0\nStatusText=\nResult=success\nExecMainStatus=0\n';
const SHOW = '--property=LoadState,ActiveState,SubState,UnitFileState,MainPID,StatusText,Result,ExecMainStatus';

/** systemctl where the service runs once its unit is written. */
function systemd(options: Parameters<typeof serviceMachine>[0] = {}): ServiceMachine {
  const machine: ServiceMachine = serviceMachine({
    answer: (line) => (line.includes(' show natsjob') ? { stdout: machine.calls.some((call) => call.includes(' enable ')) ? LOADED : MISSING } : undefined), ...options,
  });
  return machine;
}

describe('natsjob service install on Linux', () => {
  it('makes account, folders, settings and unit, then starts it and says where everything is', async () => {
    using machine = systemd();
    const { code, out, err } = await machine.natsjob('service', 'install', '--http-port', '8080');
    expect([code, err]).toEqual([0, '']);
    expect(machine.calls).toEqual([
      'systemctl show --property=Version', `systemctl show natsjob.service ${SHOW}`,
      'systemd-sysusers --inline u natsjob - "natsjob" /var/lib/natsjob /usr/sbin/nologin',
      'chown root:natsjob /etc/natsjob', 'chown root:natsjob /etc/natsjob/config.yaml',
      'systemctl daemon-reload', 'systemctl enable natsjob.service', 'systemctl start natsjob.service',
    ]);
    expect(read(machine, '/etc/systemd/system/natsjob.service')).toContain('ExecStart=/usr/local/bin/natsjob serve --data=/var/lib/natsjob --conf=/etc/natsjob --logs=/var/log/natsjob --http-port=8080\n');
    expect([mode(machine, '/etc/systemd/system/natsjob.service'), mode(machine, '/etc/natsjob'), mode(machine, '/etc/natsjob/config.yaml'), mode(machine, '/etc/natsjob/natsjob.env')]).toEqual(['644', '750', '640', '600']);
    for (const told of ['/etc/systemd/system/natsjob.service', '/var/lib/natsjob', '/etc/natsjob/config.yaml', 'natsjob service status', 'journalctl -u natsjob']) expect(out).toContain(told);
  });

  it.each([
    ['mysql', "root:hu'sh@tcp(h:3306)/natsjob"], ['postgres', 'host=h user=u password=hush dbname=natsjob'], ['postgres', 'postgres://u:hush@h/natsjob'], ['dm', 'dm://SYSDBA:hush@h?schema=natsjob'],
  ])('keeps the address of a database out of the unit: %s, %s', async (type, address) => {
    using machine = systemd();
    await machine.natsjob('service', 'install', `--db-type=${type}`, `--db-url=${address}`);
    const unit = read(machine, '/etc/systemd/system/natsjob.service');
    expect(unit).toContain(`--db-type=${type} --db-url-file=/etc/natsjob/db-url.secret`);
    expect(unit).not.toMatch(/hu'?sh/);
    expect(read(machine, '/etc/natsjob/db-url.secret')).toBe(address);
  });

  it('keeps secrets out of the unit: they go into files beside config.yaml', async () => {
    using machine = systemd({ environment: { NATSJOB_LOGIN_PWD: 'hush $1', NATSJOB_LOG_LEVEL: 'warn' } });
    await machine.natsjob('service', 'install', '--nats-url', 'nats://u:hush@h:4222', '--secret-key=hush-hush-hush-hush');
    const unit = read(machine, '/etc/systemd/system/natsjob.service');
    expect(unit).not.toContain('hush');
    expect(unit).toContain('--nats-url-file=/etc/natsjob/nats-url.secret --secret-key-file=/etc/natsjob/secret-key.secret --login-pwd-file=/etc/natsjob/login-pwd.secret --log-level=warn\n');
    expect(read(machine, '/etc/natsjob/login-pwd.secret')).toBe('hush $1');
    expect(mode(machine, '/etc/natsjob/login-pwd.secret')).toBe('640');
    expect(machine.calls).toContain('chown root:natsjob /etc/natsjob/login-pwd.secret');
  });

  it('writes an address without a password into the unit', async () => {
    using machine = systemd();
    await machine.natsjob('service', 'install', '--nats-url', 'nats://10.0.0.5:4222');
    expect(read(machine, '/etc/systemd/system/natsjob.service')).toContain(' --nats-url=nats://10.0.0.5:4222\n');
  });

  it('for a person needs no account and stays in the home folder', async () => {
    using machine = systemd({ uid: 1000, environment: { XDG_DATA_HOME: '/data/ada', XDG_STATE_HOME: 'relative' } });
    const { code, out } = await machine.natsjob('service', 'install', '--user', '--no-start', '--name', 'natsjob-2');
    expect(code).toBe(0);
    expect(machine.calls).toEqual([
      'systemctl --user show --property=Version', `systemctl --user show natsjob-2.service ${SHOW}`, 'systemctl --user daemon-reload', 'systemctl --user enable natsjob-2.service',
    ]);
    const unit = read(machine, '/home/ada/.config/systemd/user/natsjob-2.service');
    expect(unit).toContain('--data=/data/ada/natsjob-2 --conf=/home/ada/.config/natsjob-2 --logs=/home/ada/.local/state/natsjob-2/logs\n');
    expect(unit).not.toMatch(/^(User|StateDirectory|ProtectSystem|CapabilityBoundingSet)=/m);
    expect([mode(machine, '/data/ada/natsjob-2'), mode(machine, '/home/ada/.config/natsjob-2/config.yaml')]).toEqual(['700', '600']);
    expect(out).toContain('natsjob service start --user --name natsjob-2');
    expect(out).toContain('loginctl enable-linger');
  });

  it('does the same again without a word, and overwrites another unit only when forced', async () => {
    using machine = systemd();
    await machine.natsjob('service', 'install');
    writeFileSync(path.join(machine.root, '/etc/natsjob/config.yaml'), 'NATSJOB_HTTP_PORT: 9090\n');
    expect(await machine.natsjob('service', 'install')).toMatchObject({ code: 0, err: '' });
    expect(machine.calls.at(-1)).toBe('systemctl restart natsjob.service');
    expect(read(machine, '/etc/natsjob/config.yaml')).toBe('NATSJOB_HTTP_PORT: 9090\n');

    const before = machine.calls.length;
    expect(await machine.natsjob('service', 'install', '--http-port', '80')).toMatchObject({ code: 1, err: expect.stringContaining('/etc/systemd/system/natsjob.service is there already and says something else. --force') as string });
    expect(machine.calls.slice(before).filter((call) => !call.includes(' show '))).toEqual([]);
    expect(await machine.natsjob('service', 'install', '--http-port', '80', '--force')).toMatchObject({ code: 0 });
    expect(read(machine, '/etc/systemd/system/natsjob.service')).toContain('AmbientCapabilities=CAP_NET_BIND_SERVICE');
  });

  it('asks for the right of a port below 1024 also when config.yaml has it', async () => {
    using machine = systemd();
    mkdirSync(path.join(machine.root, '/etc/natsjob'), { recursive: true });
    writeFileSync(path.join(machine.root, '/etc/natsjob/config.yaml'), 'NATSJOB_HTTP_PORT: 443\n');
    await machine.natsjob('service', 'install');
    expect(read(machine, '/etc/systemd/system/natsjob.service')).toContain('AmbientCapabilities=CAP_NET_BIND_SERVICE');
  });

  it('writes nothing when the service could not use its settings', async () => {
    using machine = systemd();
    mkdirSync(path.join(machine.root, '/etc/natsjob'), { recursive: true });
    writeFileSync(path.join(machine.root, '/etc/natsjob/config.yaml'), 'NATSJOB_HTTP_PORT: none\n');
    await expect(machine.natsjob('service', 'install')).rejects.toMatchObject({ name: 'ConfigError', message: expect.stringContaining('NATSJOB_HTTP_PORT') as string });
    expect(readdirSync(path.join(machine.root, '/etc'))).toEqual(['natsjob']);
  });

  it('takes given folders, and hands over only those that it makes', async () => {
    using machine = systemd();
    mkdirSync(path.join(machine.root, '/srv/jobs'), { recursive: true });
    const { out } = await machine.natsjob('service', 'install', '--data', '/srv/jobs', '--logs', '/srv/logs');
    expect(machine.calls.filter((call) => call.startsWith('chown natsjob'))).toEqual(['chown natsjob:natsjob /srv/logs']);
    expect(out).toContain("/srv/jobs: natsjob has to be able to write there (sudo chown -R natsjob:natsjob '/srv/jobs')");
    expect(read(machine, '/etc/systemd/system/natsjob.service')).toMatch(/^ReadWritePaths=\/srv\/jobs\nReadWritePaths=\/srv\/logs$/m);
  });

  it.skipIf(process.getuid?.() !== 0)('says when the settings that are there are for root only', async () => {
    using machine = systemd();
    mkdirSync(path.join(machine.root, '/etc/natsjob'), { recursive: true });
    writeFileSync(path.join(machine.root, '/etc/natsjob/config.yaml'), 'NATSJOB_HTTP_PORT: 9090\n', { mode: 0o600 });
    const told = "/etc/natsjob/config.yaml: natsjob has to be able to read it (sudo chown root:natsjob '/etc/natsjob/config.yaml'";
    expect((await machine.natsjob('service', 'install')).out).toContain(told);
    chmodSync(path.join(machine.root, '/etc/natsjob/config.yaml'), 0o644);
    expect((await machine.natsjob('service', 'install')).out).not.toContain(told);
  });

  it.each([
    ['root', { uid: 1000 }, 'sudo natsjob service install. For one of your own add --user'],
    ['a session', { answer: () => ({ code: 1, stderr: 'System has not been booted with systemd as init system' }) }, 'systemd does not answer: System has not been booted'],
    ['systemctl', { answer: () => ({ code: 127, stderr: 'spawn systemctl ENOENT' }) }, 'There is no systemctl here'],
    ['a program it can see', { program: ['/home/ada/natsjob'] }, "sudo install -m 755 '/home/ada/natsjob' /usr/local/bin/natsjob"],
    ['files it can see', { environment: { NATSJOB_NATS_CREDS: '/home/ada/nats.creds' } }, 'cannot see /home/ada/nats.creds: homes and temporary folders are hidden from it. Put it somewhere else'],
    ['a script it can see', { program: ['/usr/bin/node', '/root/natsjob/dist/headless.mjs'] }, 'as in /opt/natsjob'],
  ])('without %s says what to do, and writes nothing', async (_what, options, told) => {
    using machine = systemd(options);
    expect(await machine.natsjob('service', 'install')).toEqual({ code: 1, out: '', err: expect.stringContaining(told) as string });
    expect(readdirSync(machine.root)).toEqual([]);
  });

  it('with sudo and --user refuses: it would be a service of root', async () => {
    using machine = systemd({ environment: { SUDO_USER: 'ada' } });
    expect(await machine.natsjob('service', 'install', '--user')).toMatchObject({ code: 1, err: expect.stringContaining('not ada') as string });
  });

  it('warns of a program in a folder where files come and go', async () => {
    using machine = systemd({ uid: 1000, program: ['/home/ada/Downloads/natsjob'] });
    expect(await machine.natsjob('service', 'install', '--user')).toMatchObject({ code: 0, err: expect.stringContaining('/home/ada/Downloads/natsjob lies where files come and go') as string });
  });

  it('says in a line which file cannot be written', async () => {
    using machine = systemd();
    mkdirSync(path.join(machine.root, '/etc'));
    writeFileSync(path.join(machine.root, '/etc/systemd'), 'no folder');
    expect(await machine.natsjob('service', 'install')).toMatchObject({ code: 1, err: expect.stringMatching(/systemd\/system.* cannot be read or written \(E(NOTDIR|EXIST)\)\.$/) as string });
  });

  it('says what systemd said when the start fails, and where to look', async () => {
    using machine = systemd({ answer: (line) => (line.includes(' start ') ? { code: 1, stderr: 'Job for natsjob.service failed.\nSee "systemctl status".' } : line.includes(' show natsjob') ? { stdout: MISSING } : undefined) });
    expect(await machine.natsjob('service', 'install')).toMatchObject({ code: 1, err: '"systemctl start natsjob.service" failed with code 1: Job for natsjob.service failed. See "systemctl status". Look at: journalctl -u natsjob -n 30' });
  });
});

describe('an installed service on Linux', () => {
  it('is started, stopped and uninstalled, and its data stays', async () => {
    using machine = systemd({ uid: 1000 });
    await machine.natsjob('service', 'install', '--user', '--data', '/srv/jobs');
    machine.calls.length = 0;
    machine.calls.push('systemctl --user enable natsjob.service');
    for (const verb of ['stop', 'start', 'restart']) expect((await machine.natsjob('service', verb, '--user')).code).toBe(0);
    const { code, out } = await machine.natsjob('service', 'uninstall', '--user');
    expect([code, out]).toEqual([0, 'Service natsjob is uninstalled. Its data stays in /srv/jobs, its settings and logs where they are.']);
    expect(machine.calls.slice(1).filter((call) => !call.includes(' show '))).toEqual([
      'systemctl --user stop natsjob.service', 'systemctl --user start natsjob.service', 'systemctl --user restart natsjob.service',
      'systemctl --user disable --now natsjob.service', 'systemctl --user daemon-reload', 'systemctl --user reset-failed natsjob.service',
    ]);
    expect(readdirSync(path.join(machine.root, '/home/ada/.config/systemd/user'))).toEqual([]);
    expect(statSync(path.join(machine.root, '/srv/jobs')).isDirectory()).toBe(true);
  });

  it.each([
    ['runs', LOADED, 0, 'natsjob: running (process 4711), starts by itself\n  active (running): Ready as leader'],
    ['failed', LOADED.replace('active\nSubState=running', 'failed\nSubState=failed').replace('4711', '0').replace('success', 'exit-code').replace('Status=0', 'Status=78').replace('Ready as leader', ''), 3, 'natsjob: not running, starts by itself\n  failed (failed), exit-code (code 78)'],
    ['is not there', MISSING, 4, 'natsjob: not installed'],
  ])('that %s is told by a line and a code, as systemctl has them', async (_what, stdout, code, out) => {
    using machine = systemd({ uid: 1000, answer: () => ({ stdout }) });
    expect(await machine.natsjob('service', 'status')).toEqual({ code, out, err: '' });
    const told = JSON.parse((await machine.natsjob('service', 'status', '--json')).out) as object;
    expect(told).toMatchObject({ name: 'natsjob', scope: 'system', manager: 'systemd', running: code === 0, installed: code !== 4, pid: code === 0 ? 4711 : null });
  });

  it('that is not there cannot be started or uninstalled', async () => {
    using machine = systemd();
    for (const verb of ['start', 'stop', 'restart', 'uninstall']) {
      expect(await machine.natsjob('service', verb, '--name', 'natsjob-x')).toMatchObject({ code: 4, err: 'No service is called natsjob-x: natsjob service install makes one.' });
    }
  });
});

function read(machine: ServiceMachine, file: string): string {
  return readFileSync(path.join(machine.root, file), 'utf8');
}

function mode(machine: ServiceMachine, file: string): string {
  return (statSync(path.join(machine.root, file)).mode & 0o777).toString(8);
}
