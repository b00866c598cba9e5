import { expect, it } from 'vitest';
import { feedDocument, licenceDocument, notesOf, sumsDocument } from '../../../build/package/release/documents.mjs';
import { makeSbom } from '../../../build/package/release/sbom.mjs';
import { readFeed } from '../../../src-main/upgrade/read-feed.ts';

const part = (ref: string, uses = ['headless'], text = 'Text') => ({ ref, name: ref.split('/').at(-1) as string, version: '1.0.0', licence: 'MIT', texts: [text], uses });
const at = new Date('2026-01-31T00:00:00Z');
const files = [{ target: 'linux-x64', name: 'natsjob-0.1.0-linux-x64.tar.gz', bytes: 5, sha256: 'ab'.repeat(32) }];

it('the feed is one that natsjob upgrade reads', () => {
  const feed = { version: '0.1.0', at, notes: 'New.', files: files.map((file) => ({ ...file, more: 'not told' })) };
  expect(readFeed(feedDocument(feed))).toEqual({ version: '0.1.0', releasedAt: '2026-01-31T00:00:00.000Z', notes: 'New.', files });
});

it('the sums are in the form of sha256sum', () => {
  expect(sumsDocument(files)).toBe(`${'ab'.repeat(32)}  natsjob-0.1.0-linux-x64.tar.gz\n`);
});

it('the notes are what the changelog says before its lists', () => {
  const changelog = '# Changelog\n\nForm.\n\n## Unreleased: 0.2.0\n\nTwo.\nLines.\n\n### Added\n\n- x\n\n## 0.1.0\n\nOne.\n';
  expect([notesOf(changelog, '0.2.0'), notesOf(changelog, '0.1.0'), notesOf(changelog, '9.9.9')]).toEqual(['Two.\nLines.', 'One.', '']);
});

it('the licences name every part and hold each text once', () => {
  const text = licenceDocument('0.1.0', [part('pkg:npm/a'), part('pkg:npm/b'), part('pkg:npm/c', ['panel'], 'Other')]);
  expect(text.match(/^Text$/gm)).toHaveLength(1);
  for (const line of ['  a 1.0.0: MIT', '  c 1.0.0: MIT', 'Other']) expect(text.split('\n')).toContain(line);
});

it('the bill of materials has every part once, hangs those of nats-server below it, and changes its number with its content', () => {
  const nats = 'pkg:golang/github.com/nats-io/nats-server/v2@v1.0.0';
  const parts = [part(nats, ['nats-server']), part('pkg:golang/x/sys@v1', ['nats-server']), part('pkg:npm/a')];
  const sbom = makeSbom({ version: '0.1.0', at, parts, files });
  expect(sbom.components.map((one) => one['bom-ref'])).toEqual(parts.map(({ ref }) => ref));
  expect(sbom.dependencies).toEqual([{ ref: 'pkg:generic/natsjob@0.1.0', dependsOn: [nats, 'pkg:npm/a'] }, { ref: nats, dependsOn: ['pkg:golang/x/sys@v1'] }]);
  expect(sbom.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(makeSbom({ version: '0.1.0', at, parts, files })).toEqual(sbom);
  expect(makeSbom({ version: '0.1.0', at, parts: parts.slice(1), files }).serialNumber).not.toBe(sbom.serialNumber);
});
