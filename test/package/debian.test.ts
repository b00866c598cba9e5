import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../support/packed-desktop.ts';

const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0;
if (!hasDpkg && process.env.CI) throw new Error('dpkg-deb is missing, and CI may not skip the Debian package');
if (!hasDpkg) process.stderr.write('SKIPPED: the Debian package needs dpkg-deb\n');

const work = mkdtempSync(path.join(tmpdir(), 'natsjob-deb-test-'));
const file = (name: string) => path.join(work, name);
beforeAll(() => {
  mkdirSync(file('app/locales'), { recursive: true, mode: 0o700 });
  writeFileSync(file('app/natsjob-desktop'), 'program', { mode: 0o700 });
  writeFileSync(file('app/locales/en-US.pak'), 'texts', { mode: 0o600 });
  chmodSync(file('app'), 0o700);
  for (const name of ['icon.png', 'after-install', 'after-remove']) writeFileSync(file(name), `#!/bin/sh\n# ${name}\n`);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** What electron-builder says to fpm. */
function makeDeb(name: string, ...more: string[]) {
  const words = ['-s', 'dir', '--force', '-t', 'deb', '-d', 'libgtk-3-0 | libgtk-3-0t64', '-d', 'libnss3', '--deb-recommends', 'libayatana-appindicator3-1', '--deb-compression', 'xz', '--architecture', 'arm64',
    '--after-install', file('after-install'), '--after-remove', file('after-remove'), '--description', `Job scheduler\n Plans jobs.\n\n ${'And more '.repeat(11)}end.`, '--version', '1.2.0~rc1', '--package', file(name),
    '--name', 'natsjob-desktop', '--maintainer', 'A <a@b.invalid>', '--vendor', 'A <a@b.invalid>', '--url', 'https://natsjob.invalid', '--category', 'utils', '--deb-priority', 'optional', '--license', 'Apache-2.0',
    `${file('app')}/=/opt/natsjob`, `${file('icon.png')}=/usr/share/icons/hicolor/16x16/apps/natsjob-desktop.png`, ...more];
  return spawnSync(process.execPath, [path.join(ROOT, 'build', 'package', 'desktop', 'make-deb.mjs'), ...words], { encoding: 'utf8' });
}

const dpkg = (...words: string[]) => execFileSync('dpkg-deb', words, { encoding: 'utf8' });

describe.runIf(hasDpkg)('the Debian package', () => {
  test('says what it is, what it needs and how large it is', () => {
    expect(makeDeb('a.deb')).toMatchObject({ status: 0, stderr: '' });
    expect(dpkg('-f', file('a.deb'))).toBe(`Package: natsjob-desktop
Version: 1.2.0~rc1
Architecture: arm64
Maintainer: A <a@b.invalid>
Installed-Size: 1
Depends: libgtk-3-0 | libgtk-3-0t64, libnss3
Recommends: libayatana-appindicator3-1
Section: utils
Priority: optional
Homepage: https://natsjob.invalid
Description: Job scheduler
 Plans jobs.
 .
 And more And more And more And more And more And more And more And more And
 more And more And more end.
`);
  });

  test('gives everything to root, readable by all and written by none', () => {
    makeDeb('b.deb');
    const listed = dpkg('-c', file('b.deb')).trim().split('\n').map((line) => line.split(/\s+/));
    expect(listed.map(([mode, owner, , , , name]) => [mode, owner, name])).toEqual([
      ['drwxr-xr-x', 'root/root', './'], ['drwxr-xr-x', 'root/root', './opt/'], ['drwxr-xr-x', 'root/root', './opt/natsjob/'],
      ['drwxr-xr-x', 'root/root', './opt/natsjob/locales/'], ['-rw-r--r--', 'root/root', './opt/natsjob/locales/en-US.pak'], ['-rwxr-xr-x', 'root/root', './opt/natsjob/natsjob-desktop'],
      ...['usr', 'usr/share', 'usr/share/icons', 'usr/share/icons/hicolor', 'usr/share/icons/hicolor/16x16', 'usr/share/icons/hicolor/16x16/apps'].map((name) => ['drwxr-xr-x', 'root/root', `./${name}/`]),
      ['-rw-r--r--', 'root/root', './usr/share/icons/hicolor/16x16/apps/natsjob-desktop.png'],
    ]);
    dpkg('-e', file('b.deb'), file('control'));
    expect(readFileSync(file('control/md5sums'), 'utf8')).toContain(`${createHash('md5').update('program').digest('hex')}  opt/natsjob/natsjob-desktop\n`);
    expect(readFileSync(file('control/postinst'), 'utf8')).toContain('after-install');
  });

  test('is the same, byte for byte, when it is made again', () => {
    makeDeb('c.deb');
    makeDeb('d.deb');
    expect(readFileSync(file('c.deb')).equals(readFileSync(file('d.deb')))).toBe(true);
  });

  test('is not made when it is asked for something else', () => {
    expect(makeDeb('e.rpm', '-t', 'rpm')).toMatchObject({ status: 1, stderr: 'make-deb: makes deb from dir only, not rpm from dir\n' });
    expect(makeDeb('f.deb', '--deb-compression', 'lzo')).toMatchObject({ status: 1, stderr: 'make-deb: no compression lzo; there are xz, gz\n' });
    expect(makeDeb('g.deb', `${file('missing')}=/opt/missing`).status).toBe(1);
  });
});
