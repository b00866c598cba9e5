import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataFolderOfPlist, launchdPlist } from '../../../src-main/service/launchd-plist.ts';
import { serviceName, serviceWords } from '../../../src-main/service/service-spec.ts';
import { unitCommand } from '../../../src-main/service/systemd-text.ts';
import { dataFolderOfUnit, systemdUnit } from '../../../src-main/service/systemd-unit.ts';
import { serviceFolder, windowsInstall } from '../../../src-main/service/windows-arguments.ts';
import { ODD_SPEC, SYSTEM_SPEC, WINDOWS_SPEC } from '../../support/service-specs.ts';
import { hasPython, hasSystemdTool } from '../../support/systemd.ts';

const GOLDEN = '../../golden/service';

describe('the texts of a service', () => {
  it.each([
    ['system.service', () => systemdUnit(SYSTEM_SPEC)],
    ['odd-user.service', () => systemdUnit(ODD_SPEC)],
    ['own-folders.service', () => systemdUnit({ ...SYSTEM_SPEC, dataDir: '/srv/jobs data', logDir: '/srv/logs', confDir: '/srv/conf', httpPort: 80 })],
    ['daemon.plist', () => launchdPlist({ ...SYSTEM_SPEC, account: 'ada', dataDir: '/Library/Application Support/natsjob/data', confDir: '/Library/Application Support/natsjob/conf', logDir: '/Library/Logs/natsjob' })],
    ['odd-agent.plist', () => launchdPlist(ODD_SPEC)],
    ['windows.json', () => `${JSON.stringify(windowsInstall(WINDOWS_SPEC, WINDOWS_SPEC.dataDir), null, 2)}\n`],
  ])('%s is as it was', async (name, text) => {
    await expect(text()).toMatchFileSnapshot(`${GOLDEN}/${name}`);
  });

  it('keep what means something to systemd from meaning it', () => {
    expect(unitCommand(['/a b/$HOME/100%', 'plain', '$HOME', '${x}', '50%', 'a"b', 'back\\slash', "it's", '任务', ''])).toBe(
      `"/a b/$HOME/100%%" plain "$$HOME" "$\${x}" 50%% "a\\"b" "back\\\\slash" "it's" "任务" ""`,
    );
  });

  it('name no program that systemd would not start', () => {
    for (const program of ['/a"b', "/a'b", '/a\\b']) expect(() => unitCommand([program])).toThrow('quote or a backslash');
  });

  it('close no folder of Windows to others but the usual one around the data, or the data alone', () => {
    const usual = 'C:\\ProgramData\\natsjob\\data';
    expect([serviceFolder('c:\\programdata\\natsjob\\data', usual), serviceFolder('D:\\data', usual), serviceFolder('C:\\Users\\ada\\data', usual)]).toEqual(['c:\\programdata\\natsjob', 'D:\\data', 'C:\\Users\\ada\\data']);
    expect(() => serviceFolder('D:\\', usual)).toThrow('a whole drive cannot be');
  });

  it('tell where the data is', () => {
    expect(dataFolderOfUnit(systemdUnit(ODD_SPEC))).toBe(ODD_SPEC.dataDir);
    expect(dataFolderOfPlist(launchdPlist(ODD_SPEC))).toBe(ODD_SPEC.dataDir);
    expect([dataFolderOfUnit('[Service]\n'), dataFolderOfPlist('<plist/>')]).toEqual([undefined, undefined]);
  });

  it('are refused for what no format can hold', () => {
    for (const make of [systemdUnit, launchdPlist, (spec: typeof SYSTEM_SPEC) => windowsInstall(spec, '')]) {
      expect(() => make({ ...SYSTEM_SPEC, dataDir: '/data\nExecStart=/bin/evil' })).toThrow('control characters');
    }
  });

  it('hold names that are safe as names of files', () => {
    expect(['natsjob', 'a', 'Night-shift_2'].map(serviceName)).toEqual(['natsjob', 'a', 'Night-shift_2']);
    for (const name of ['', '-a', 'a.b', '../x', 'a b', 'a/b', 'é', 'x'.repeat(64)]) expect(() => serviceName(name)).toThrow('--name must be');
  });
});

describe.skipIf(!hasSystemdTool('systemd-analyze'))('systemd itself', () => {
  it.each(['system', 'user'] as const)('finds nothing wrong with a unit for the %s, odd paths and all', (scope) => {
    using folder = temporary();
    const program = path.join(folder.path, 'a b $HOME 50% é任务; &', 'natsjob');
    mkdirSync(path.dirname(program), { recursive: true });
    writeFileSync(program, '#!/bin/sh\n');
    chmodSync(program, 0o755);
    const folders = scope === 'user' ? ODD_SPEC : SYSTEM_SPEC;
    const unit = systemdUnit({ ...folders, scope, flags: ODD_SPEC.flags, program: [program] });
    expect(verify(folder.path, scope, unit)).toEqual({ code: 0, said: '' });
    // It would find something.
    expect(verify(folder.path, scope, unit.replace('Type=notify', 'Type=notfy')).said).toContain('service type');
    expect(verify(folder.path, scope, unit.replace('natsjob" serve', 'nats-job" serve')).said).toContain('not executable');
  });

  it('rates the exposure of the system service at most 2.0 of 10', () => {
    using folder = temporary();
    const exposure = (text: string): number => {
      const file = path.join(folder.path, 'natsjob.service');
      writeFileSync(file, text);
      const { stdout, stderr } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', file], { encoding: 'utf8' });
      return Number(/Overall exposure level for natsjob\.service: ([\d.]+)/.exec(stdout)?.[1] ?? `none: ${stdout}${stderr}`);
    };
    expect(exposure(systemdUnit(SYSTEM_SPEC))).toBeLessThanOrEqual(2);
    expect(exposure(systemdUnit({ ...SYSTEM_SPEC, httpPort: 80 }))).toBeLessThanOrEqual(2.5);
    expect(exposure('[Service]\nExecStart=/bin/true\n')).toBeGreaterThan(9);
  });

  function verify(folder: string, scope: 'system' | 'user', unit: string): { code: number | null; said: string } {
    const file = path.join(folder, 'natsjob.service');
    // Who the account is, is not looked up where it does not exist; manual pages and the like of others are none of ours.
    writeFileSync(file, unit);
    const { status, stderr } = spawnSync('systemd-analyze', [`--${scope}`, 'verify', '--recursive-errors=no', '--man=no', file], { encoding: 'utf8', env: { ...process.env, XDG_RUNTIME_DIR: folder } });
    return { code: status, said: stderr };
  }
});

describe.skipIf(!hasPython())('a property list', () => {
  it.each([['an agent', ODD_SPEC], ['a daemon', { ...SYSTEM_SPEC, account: 'ada' }]])('of %s is read back as what it was made of', (_whose, spec) => {
    const script = 'import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read(), fmt=plistlib.FMT_XML)))';
    const { stdout, stderr } = spawnSync('python3', ['-c', script], { input: launchdPlist(spec), encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      Label: spec.name, ProgramArguments: serviceWords(spec), WorkingDirectory: spec.dataDir, EnvironmentVariables: { PATH: expect.stringContaining('/usr/bin') as string },
      ...(spec.account === '' ? {} : { UserName: spec.account }), RunAtLoad: true, KeepAlive: { SuccessfulExit: false }, ThrottleInterval: 10, ExitTimeOut: 30,
      ProcessType: 'Interactive', LegacyTimers: true, SoftResourceLimits: { NumberOfFiles: 8192 }, Umask: 63,
      StandardOutPath: `${spec.logDir}/${spec.name}.out.log`, StandardErrorPath: `${spec.logDir}/${spec.name}.out.log`,
    });
  });
});

function temporary(): Disposable & { path: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-unit-'));
  return { path: folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
