import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readFeed } from '../../src-main/upgrade/read-feed.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
const TARGET = 'linux-x64';
const BINARY = `natsjob-${version}-${TARGET}`;
const ARCHIVE = `${BINARY}.tar.gz`;
const SBOM = `natsjob-${version}.cdx.json`;
const SCRIPT = `
  const { run } = await import('./build/package/release/step.mjs');
  const { ALL_TARGETS } = await import('./build/package/targets.mjs');
  const { runScript } = await import('./build/prepare.mjs');
  await runScript(() => run({ root: process.cwd(), out: process.argv[1], version: '${version}', targets: ALL_TARGETS.filter(({ name }) => name === '${TARGET}') }));
`;

let folder: string;
beforeEach(() => { folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-release-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The release step on what lies in the folder. */
function release(env: Readonly<Record<string, string>> = {}): { code: number | null; said: string } {
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', SCRIPT, folder], { cwd: ROOT, encoding: 'utf8', env: { ...process.env, ...env } });
  return { code: status, said: stderr };
}

const contents = (): Record<string, string> => Object.fromEntries(readdirSync(folder).sort().map((name) => [name, readFileSync(path.join(folder, name)).toString('base64')]));

test('the same binary and commit make the same files twice, and they say what is inside', () => {
  writeFileSync(path.join(folder, BINARY), Buffer.alloc(200_000, 'program'));
  const first = release();
  expect(first, first.said).toMatchObject({ code: 0 });
  const made = contents();
  expect(Object.keys(made)).toEqual([BINARY, ARCHIVE, SBOM, 'SHA256SUMS', 'THIRD-PARTY-LICENSES.txt', 'latest.json'].sort());
  execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: folder });
  expect(readFileSync(path.join(folder, 'SHA256SUMS'), 'utf8').trim().split('\n')).toHaveLength(5);

  const listed = execFileSync('tar', ['-tvzf', ARCHIVE], { cwd: folder, encoding: 'utf8' }).trim().split('\n');
  expect(listed.map((line) => line.split(' ').at(-1))).toEqual(['natsjob', 'LICENSE', 'THIRD-PARTY-LICENSES.txt', 'README.md', 'README.zh-CN.md'].map((name) => `${BINARY}/${name}`));
  expect(listed[0]).toMatch(/^-rwxr-xr-x/);
  const feed = readFeed(readFileSync(path.join(folder, 'latest.json'), 'utf8'));
  expect(feed).toMatchObject({ version, files: [{ target: TARGET, name: ARCHIVE, bytes: readFileSync(path.join(folder, ARCHIVE)).length }] });

  const sbom = JSON.parse(readFileSync(path.join(folder, SBOM), 'utf8')) as { components: { name: string; version: string; licenses: unknown[] }[] };
  for (const name of ['fastify', 'ws', '@nats-io/jetstream', 'better-sqlite3', 'svelte', 'SQLite', 'Node.js', 'github.com/nats-io/nats-server/v2', 'github.com/nats-io/nkeys', 'Go standard library']) expect(sbom.components.map((one) => one.name)).toContain(name);
  for (const name of ['vitest', 'typescript', 'electron', 'playwright-core', '@nats-io/kv']) expect(sbom.components.map((one) => one.name)).not.toContain(name);
  expect(sbom.components.find(({ name }) => name === 'Node.js')?.version).toBe(process.versions.node);
  const licences = readFileSync(path.join(folder, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
  for (const { name, version: of } of sbom.components) expect(licences).toContain(`\n${name} ${of}\n`);

  expect(release()).toMatchObject({ code: 0 });
  expect(contents()).toEqual(made);
}, 300_000);

test('another moment of the commit is another archive', () => {
  writeFileSync(path.join(folder, BINARY), 'program');
  expect(release({ SOURCE_DATE_EPOCH: '1700000000' })).toMatchObject({ code: 0 });
  expect(readFeed(readFileSync(path.join(folder, 'latest.json'), 'utf8')).releasedAt).toBe('2023-11-14T22:13:20.000Z');
  expect(execFileSync('tar', ['-tvzf', ARCHIVE, '--utc'], { cwd: folder, encoding: 'utf8' })).toContain('2023-11-14 22:13');
  expect(release({ SOURCE_DATE_EPOCH: 'yesterday' })).toMatchObject({ code: 1, said: expect.stringContaining('SOURCE_DATE_EPOCH must be whole seconds') as string });
}, 300_000);

test('without a binary there is nothing to release', () => {
  expect(release()).toMatchObject({ code: 1, said: expect.stringContaining('npm run package -- headless') as string });
});
