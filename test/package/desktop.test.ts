import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readFuses, fusesFor } from '../../build/package/desktop/fuses.mjs';
import { ROOT, filesBelow, kindOfExecutable, madeFor, packDesktop, packagingModule, packedDesktop, type Arch, type Os, type PackedDesktop } from '../support/packed-desktop.ts';
import { startScheduler } from '../support/scheduler-process.ts';
import { until } from '../support/until.ts';
import { pickUpdate, serveFolder } from '../support/update-feed.ts';

const FEED = 'https://updates.natsjob.invalid/desktop';
/** Stands for every secret that a build may be given. */
const SECRET = 'planted-secret-9f2c';
const TARGETS = (['linux', 'macos', 'win'] as const).flatMap((system) => (['x64', 'arm64'] as const).map((arch) => [system, arch] as [Os, Arch]));
const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };

/** What it takes to make an archive here, as Debian calls it. */
const TOOLS: Readonly<Record<string, string>> = { zip: 'p7zip-full', deb: 'dpkg', exe: 'nsis and p7zip-full', AppImage: 'squashfs-tools and desktop-file-utils' };
const MENU_ENTRY = /^\[Desktop Entry\]\nName=natsjob\nExec=\S*(natsjob-desktop|AppRun) %U\n[^]*\nIcon=natsjob-desktop\nStartupWMClass=natsjob-desktop\n[^]*\nMimeType=x-scheme-handler\/natsjobx;\n/;

let said = '';
beforeAll(() => {
  said = packDesktop({ NATSJOB_UPDATE_FEED: FEED, GH_TOKEN: SECRET, APPLE_APP_SPECIFIC_PASSWORD: SECRET, AZURE_CLIENT_SECRET: SECRET });
}, 600_000);

const { extractAll, extractFile, getRawHeader, listPackage } = packagingModule<{
  extractAll(archive: string, folder: string): void;
  extractFile(archive: string, name: string): Buffer;
  getRawHeader(archive: string): { headerString: string };
  listPackage(archive: string, options: object): string[];
}>('@electron/asar');
const asarOf = (packed: PackedDesktop) => path.join(packed.resources, 'app.asar');
const integrityOf = (packed: PackedDesktop) => createHash('sha256').update(getRawHeader(asarOf(packed)).headerString).digest('hex');

test('without Electron it says loudly that nothing of this can be installed, and dist/release gets none of it', () => {
  expect(said).toContain('NOT INSTALLABLE');
  const release = path.join(ROOT, 'dist', 'release');
  expect(existsSync(release) ? filesBelow(release).filter((name) => name.includes('desktop')) : []).toEqual([]);
});

describe.each(TARGETS)('for %s-%s', (system, arch) => {
  const packed = packedDesktop(system, arch);

  test('the archive holds the bundles and the package.json that names the first, nothing else', () => {
    const names = listPackage(asarOf(packed), {}).map((name) => name.replaceAll('\\', '/'));
    expect(names.filter((name) => !/^\/chunks(\/[\w.-]+\.mjs)?$/.test(name)).sort()).toEqual(['/main.mjs', '/package.json', '/preload.cjs', '/scheduler-process.mjs']);
    const settings = JSON.parse(extractFile(asarOf(packed), 'package.json').toString()) as Record<string, unknown>;
    expect(settings).toMatchObject({ name: 'natsjob-desktop', productName: 'natsjob', desktopName: 'natsjob-desktop.desktop', version, main: 'main.mjs', type: 'module' });
    expect(Object.keys(settings).filter((key) => /scripts|ependencies/.test(key))).toEqual([]);
    expect(existsSync(`${asarOf(packed)}.unpacked`)).toBe(false);
  });

  test('the native files lie beside it, of this system and architecture only', () => {
    const native = path.join(packed.resources, 'core', 'native');
    const kind = `${{ linux: 'elf', macos: 'macho', win: 'pe' }[system]}-${arch}`;
    const expected = system === 'win' ? ['better_sqlite3.node', 'nats-server.exe', 'natsjob-helper.exe'] : ['better_sqlite3.node', 'nats-server'];
    expect(filesBelow(native).map((name) => [name, kindOfExecutable(path.join(native, name))])).toEqual(expected.map((name) => [name, kind]));
    expect(kindOfExecutable(system === 'macos' ? path.join(packed.program, 'Contents', 'MacOS', 'natsjob') : packed.program)).toBe(kind);
  });

  test('panel, reader script, tray pictures and licence are there', () => {
    const files = filesBelow(packed.resources);
    for (const name of ['core/panel/index.html', 'core/sql-reader.mjs', 'tray/idle.png', 'tray/problemTemplate@2x.png', 'tray/paused.ico', 'LICENSE.natsjob.txt', 'THIRD-PARTY-LICENSES.txt']) expect(files).toContain(name);
    const licences = readFileSync(path.join(packed.resources, 'THIRD-PARTY-LICENSES.txt'), 'utf8').split('\n');
    expect(['electron-updater', 'github.com/nats-io/nats-server/v2', 'better-sqlite3'].filter((name) => !licences.some((line) => line.startsWith(`  ${name} `)))).toEqual([]);
    expect(files.filter((name) => /\.(map|ts|gz|md)$|node_modules|default_app/.test(name))).toEqual([]);
    expect(readFileSync(path.join(packed.resources, 'core', 'sql-reader.mjs'), 'utf8')).not.toMatch(/from ["']better-sqlite3["']/);
  });

  test('the fuses are flipped', async () => {
    const fuses = await readFuses(packed.program);
    expect(fuses).toEqual(fusesFor(system, { isSigned: false }));
    expect(fuses).toMatchObject({ runAsNode: false, enableNodeOptionsEnvironmentVariable: false, enableNodeCliInspectArguments: false, onlyLoadAppFromAsar: true, grantFileProtocolExtraPrivileges: false });
    expect(fuses.enableEmbeddedAsarIntegrityValidation).toBe(system !== 'linux');
  });

  test('no file tells of the machine it was packed on, or holds a secret of the build', () => {
    const telling = [ROOT, path.join(os.homedir(), '.cache'), path.join(os.homedir(), 'go', 'pkg'), SECRET];
    const found = filesBelow(packed.folder).flatMap((name) => {
      const bytes = readFileSync(path.join(packed.folder, name));
      return telling.filter((text) => bytes.includes(text)).map((text) => `${name}: ${text}`);
    });
    expect(found).toEqual([]);
  });
});

test.each(['x64', 'arm64'] as const)('macOS %s: Info.plist has id, scheme, oldest system, category and the hash of the archive', (arch) => {
  const packed = packedDesktop('macos', arch);
  const { parse } = packagingModule<{ parse(text: string): Record<string, unknown> }>('plist');
  expect(parse(readFileSync(path.join(packed.program, 'Contents', 'Info.plist'), 'utf8'))).toMatchObject({
    CFBundleIdentifier: 'io.natsjob.desktop', CFBundleName: 'natsjob', CFBundleShortVersionString: version, LSMinimumSystemVersion: '13.0',
    LSApplicationCategoryType: 'public.app-category.developer-tools', CFBundleIconFile: 'icon.icns',
    CFBundleURLTypes: [{ CFBundleURLName: 'natsjob', CFBundleURLSchemes: ['natsjobx'], CFBundleTypeRole: 'Viewer' }],
    ElectronAsarIntegrity: { 'Resources/app.asar': { algorithm: 'SHA256', hash: integrityOf(packed) } },
  });
  expect(filesBelow(packed.resources).filter((name) => name.endsWith('.lproj/locale.pak'))).toEqual(['en.lproj/locale.pak', 'zh_CN.lproj/locale.pak']);
});

test.each(['x64', 'arm64'] as const)('Windows %s: the resources name program, version and the hash of the archive, and the manifest asks for no administrator', (arch) => {
  const packed = packedDesktop('win', arch);
  interface Entry { readonly type: number | string; readonly id: number | string; readonly bin: ArrayBuffer }
  const { NtExecutable, NtExecutableResource, Resource } = packagingModule<{
    NtExecutable: { from(bytes: Buffer): object };
    NtExecutableResource: { from(program: object): { readonly entries: readonly Entry[] } };
    Resource: {
      VersionInfo: { fromEntries(entries: readonly Entry[]): { getAllLanguagesForStringValues(): object[]; getStringValues(language: object): Record<string, string> }[] };
      IconGroupEntry: { fromEntries(entries: readonly Entry[]): { readonly icons: readonly { readonly width: number }[] }[] };
    };
  }>('resedit');
  const { entries } = NtExecutableResource.from(NtExecutable.from(readFileSync(packed.program)));
  const text = (type: number | string) => Buffer.from(entries.find((entry) => entry.type === type)!.bin).toString();
  const [info] = Resource.VersionInfo.fromEntries(entries);
  expect(info!.getStringValues(info!.getAllLanguagesForStringValues()[0]!)).toMatchObject({ ProductName: 'natsjob', FileVersion: version, LegalCopyright: expect.stringContaining('natsjob') });
  expect(Resource.IconGroupEntry.fromEntries(entries)[0]!.icons.length).toBe(6);
  expect(text(24)).toContain('level="asInvoker"');
  expect(JSON.parse(text('INTEGRITY'))).toEqual([{ file: 'resources\\app.asar', alg: 'SHA256', value: integrityOf(packed) }]);
});

test.runIf(process.platform === 'linux')('the packed scheduler runs from what was packed alone: panel, login by a token, nats-server, end in order', async () => {
  const packed = packedDesktop('linux', process.arch as Arch);
  const home = mkdtempSync(path.join(os.tmpdir(), 'natsjob-packed-desktop-'));
  try {
    extractAll(asarOf(packed), path.join(home, 'app'));
    cpSync(path.join(packed.resources, 'core'), path.join(home, 'core'), { recursive: true });
    await using scheduler = await startScheduler(path.join(home, 'app', 'scheduler-process.mjs'), { home, programDir: path.join(home, 'core') });
    expect(await (await fetch(`${scheduler.url}/`)).text()).toContain('<div id="app"');
    const answer = await fetch(`${scheduler.url}/natsjob/api/login/one-time`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: await scheduler.token() }) });
    expect([answer.status, Object.keys((await answer.json()) as object)]).toEqual([200, expect.arrayContaining(['token'])]);
    await until(async () => (await fetch(`${scheduler.url}/readyz`)).status === 200, { what: 'the scheduler to be ready, so with its nats-server' });
    expect(readdirSync(home).sort()).toEqual(['app', 'conf', 'core', 'data', 'logs']);
    expect(await scheduler.shutdown()).toBe(0);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

describe('the update feed', () => {
  test.each([
    ['macos', 'darwin', 'x64', 'zip', `natsjob-desktop-${version}-macos-x64.zip`],
    ['macos', 'darwin', 'arm64', 'zip', `natsjob-desktop-${version}-macos-arm64.zip`],
    ['win', 'win32', 'x64', 'exe', `natsjob-desktop-${version}-win-x64-setup.exe`],
    ['win', 'win32', 'arm64', 'exe', `natsjob-desktop-${version}-win-arm64-setup.exe`],
    ['linux', 'linux', 'x64', 'AppImage', `natsjob-desktop-${version}-linux-x86_64.AppImage`],
    ['linux', 'linux', 'arm64', 'AppImage', `natsjob-desktop-${version}-linux-arm64.AppImage`],
    ['linux', 'linux', 'x64', 'deb', `natsjob-desktop-${version}-linux-amd64.deb`],
    ['linux', 'linux', 'arm64', 'deb', `natsjob-desktop-${version}-linux-arm64.deb`],
  ] as const)('of %s gives electron-updater on %s-%s the right %s, and its hash is that of the file', async (system, platform, arch, extension, expected) => {
    if (!has(system, extension)) return;
    await using server = await serveFolder(madeFor(system));
    const update = await pickUpdate(server.url, platform, arch, extension);
    expect([update.version, path.posix.basename(update.file.url.pathname)]).toEqual([version, expected]);
    const loaded = Buffer.from(await (await fetch(update.file.url)).arrayBuffer());
    expect(createHash('sha512').update(loaded).digest('base64')).toBe(update.file.info.sha512);
    expect(update.file.info.size).toBe(loaded.length);
  });

  test('is written into the programs, and only as the address that was given', () => {
    for (const [system, arch] of TARGETS) {
      if (!has(system, { linux: 'deb', macos: 'zip', win: 'exe' }[system])) continue;
      expect(readFileSync(path.join(packedDesktop(system, arch).resources, 'app-update.yml'), 'utf8')).toMatch(`provider: generic\nurl: ${FEED}\n`);
    }
  });
});

test('the Debian package and the AppImage bring an entry for the menu that takes the links, and are updated each in its own way', () => {
  const readFromDeb = (name: string) => execFileSync('sh', ['-c', `dpkg-deb --fsys-tarfile "$0" | tar -xO ./${name}`, made('linux-amd64.deb')], { encoding: 'utf8' });
  if (has('linux', 'deb')) {
    expect(readFromDeb('usr/share/applications/natsjob-desktop.desktop')).toMatch(MENU_ENTRY);
    expect(readFromDeb('opt/natsjob/resources/package-type')).toBe('deb');
  }
  if (!has('linux', 'AppImage')) return;
  expect(readFromAppImage(made('linux-x86_64.AppImage'), '-cat', 'natsjob-desktop.desktop')).toMatch(MENU_ENTRY);
  // With the word of the Debian package in it, an AppImage would look for one.
  expect(readFromAppImage(made('linux-x86_64.AppImage'), '-ls')).toMatch(/resources\/app-update\.yml\n(?![^]*package-type)/);
});

/** The file system behind the runtime starts at the first `hsqs`. */
function readFromAppImage(file: string, word: '-cat' | '-ls', ...names: string[]): string {
  return execFileSync('unsquashfs', [word, '-o', String(readFileSync(file).indexOf('hsqs')), file, ...names], { encoding: 'utf8', maxBuffer: 2 ** 24 });
}

function made(name: string): string {
  return path.join(madeFor('linux'), `natsjob-desktop-${version}-${name}`);
}

/** Archives need tools of the machine: at home a missing one skips its part, loudly; CI has them all. */
function has(system: Os, extension: string): boolean {
  if (filesBelow(madeFor(system)).some((name) => name.endsWith(`.${extension}`))) return true;
  if (process.env.CI) throw new Error(`no ${extension} for ${system} was made: CI needs ${TOOLS[extension]}`);
  process.stderr.write(`SKIPPED: no ${extension} for ${system}; it needs ${TOOLS[extension]}\n`);
  return false;
}
