import { describe, expect, it } from 'vitest';
import { isFeedUrl } from '../../../src-core/system/index.ts';
import { advise, targetOf } from '../../../src-main/upgrade/advise.ts';
import { compareVersions, isVersion } from '../../../src-main/upgrade/compare-versions.ts';
import { FeedUnreadableError, readFeed, type Feed } from '../../../src-main/upgrade/read-feed.ts';

const SUM = 'ab'.repeat(32);

describe('versions', () => {
  it('are in the order of semver.org, pre-releases before the release', () => {
    const ordered = ['0.0.9', '0.1.0-1', '0.1.0-2', '0.1.0-10', '0.1.0-alpha', '0.1.0-alpha.1', '0.1.0-alpha.beta', '0.1.0-beta.2', '0.1.0-beta.11', '0.1.0-rc.1', '0.1.0', '0.1.1-0', '0.2.0', '0.10.0', '1.0.0'];
    const shuffled = ordered.toSorted((a, b) => a.length - b.length || (a < b ? 1 : -1));
    expect(shuffled.toSorted(compareVersions)).toEqual(ordered);
    for (const version of ordered) expect(compareVersions(version, `${version}+build.7`)).toBe(0);
  });

  it.each(['1.0', 'v1.0.0', '01.0.0', '1.0.0-', '1.0.0-a..b', '1.0.0 ', '', 'dev', '1.0.0;reboot', '9999999999.0.0', `1.0.0-${'a'.repeat(200)}`])('%j is none', (text) => {
    expect(isVersion(text)).toBe(false);
  });
});

describe('the address of a feed', () => {
  it.each(['https://example.com/latest.json', 'https://example.com:8443/a/b?c=d', 'http://127.0.0.1:8080/latest.json', 'http://localhost/latest.json', 'http://[::1]:9/x'])('%s is one', (url) => {
    expect(isFeedUrl(url)).toBe(true);
  });

  it.each(['http://example.com/latest.json', 'http://127.0.0.1.example.com/', 'http://10.0.0.1/', 'ftp://example.com/', 'file:///etc/passwd', 'https://u:p@example.com/', 'https://example.com/$(reboot)\'', 'latest.json', ''])('%j is none', (url) => {
    expect(isFeedUrl(url)).toBe(false);
  });
});

describe('latest.json', () => {
  const file = { target: 'linux-x64', name: 'natsjob-0.2.0-linux-x64.tar.gz', bytes: 5, sha256: SUM };
  const good = { version: '0.2.0', releasedAt: '2026-01-31T00:00:00.000Z', notes: 'Better.', files: [file] };

  it('is read, with fields of later versions left aside', () => {
    expect(readFeed(JSON.stringify({ ...good, more: 1 }))).toEqual(good);
    expect(readFeed(JSON.stringify({ ...good, notes: undefined })).notes).toBe('');
  });

  it.each([
    ['{', 'latest.json must be JSON'],
    ['<html></html>', 'latest.json must be JSON'],
    ['[]', 'latest.json must be an object'],
    ['null', 'latest.json must be an object'],
    [JSON.stringify({ ...good, version: 2 }), 'version must be text'],
    [JSON.stringify({ ...good, version: '2' }), 'version must be like'],
    [JSON.stringify({ ...good, releasedAt: 'today' }), 'releasedAt must be'],
    [JSON.stringify({ ...good, notes: 5 }), 'notes must be text'],
    [JSON.stringify({ ...good, files: {} }), 'files must be a list'],
    [JSON.stringify({ ...good, files: [5] }), 'files[0] must be an object'],
    [JSON.stringify({ ...good, files: [{ ...file, name: '../x' }] }), 'files[0].name must be'],
    [JSON.stringify({ ...good, files: [{ ...file, name: 'a;reboot' }] }), 'files[0].name must be'],
    [JSON.stringify({ ...good, files: [{ ...file, sha256: 'x' }] }), 'files[0].sha256 must be'],
    [JSON.stringify({ ...good, files: [{ ...file, bytes: '5' }] }), 'files[0].bytes must be'],
    [JSON.stringify({ ...good, files: Array(101).fill(file) }), 'files must be a list of at most 100'],
  ])('%.60s is refused with the field', (text, sentence) => {
    expect(() => readFeed(text)).toThrow(FeedUnreadableError);
    expect(() => readFeed(text)).toThrow(sentence);
  });
});

describe('what to do about a release', () => {
  const feed: Feed = {
    version: '0.2.0', releasedAt: '2026-01-31T00:00:00Z', notes: '',
    files: ['linux-x64.tar.gz', 'macos-arm64.tar.gz', 'win-x64.zip'].map((name) => ({ target: name.split('.')[0] as string, name: `natsjob-0.2.0-${name}`, bytes: 5, sha256: SUM })),
  };
  const here = { version: '0.1.0', target: 'linux-x64', program: '/opt/nats job/natsjob', feedUrl: 'https://example.com/latest/download/latest.json' };

  it('is nothing for the same version and an older one', () => {
    for (const version of ['0.2.0', '0.2.1', '1.0.0-rc.1']) expect(advise(feed, { ...here, version })).toEqual({ isNewer: false, file: undefined, commands: [] });
  });

  it('is to fetch, check, unpack, stop, replace and start', () => {
    const { isNewer, file, commands } = advise(feed, here);
    expect([isNewer, file?.url]).toEqual([true, 'https://example.com/latest/download/natsjob-0.2.0-linux-x64.tar.gz']);
    expect(commands).toEqual([
      'curl -fLO https://example.com/latest/download/natsjob-0.2.0-linux-x64.tar.gz',
      `echo '${SUM}  natsjob-0.2.0-linux-x64.tar.gz' | sha256sum -c -`,
      'tar -xzf natsjob-0.2.0-linux-x64.tar.gz',
      'natsjob service stop   # or end it the way it was started',
      "install -m 0755 natsjob-0.2.0-linux-x64/natsjob '/opt/nats job/natsjob'   # with sudo where the folder asks for it",
      'natsjob service start',
    ]);
    expect(advise(feed, { ...here, target: 'macos-arm64' }).commands[1]).toContain('shasum -a 256 -c');
    expect(advise(feed, { ...here, target: 'win-x64', program: "C:\\it's\\natsjob.exe" }).commands.join('\n')).toContain("Move-Item -Force natsjob-0.2.0-win-x64\\natsjob.exe 'C:\\it''s\\natsjob.exe'");
  });

  it('is git pull in a clone, and nothing where no download is for the platform', () => {
    expect(advise(feed, { ...here, program: undefined }).commands).toEqual(['git pull', 'npm start']);
    expect(advise(feed, { ...here, target: 'win-arm64' })).toEqual({ isNewer: true, file: undefined, commands: [] });
    expect([targetOf('darwin', 'arm64'), targetOf('win32', 'x64'), targetOf('linux', 'riscv64'), targetOf('freebsd', 'x64')]).toEqual(['macos-arm64', 'win-x64', undefined, undefined]);
  });
});
