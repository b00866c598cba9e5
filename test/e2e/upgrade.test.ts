import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FeedUnreachableError, fetchFeed } from '../../src-main/upgrade/fetch-feed.ts';
import { sparePort } from '../support/spare-port.ts';
import { isPackedTested, testedCommand, testedEnvironment } from '../support/tested-program.ts';

const NEWER = { version: '99.0.0', releasedAt: '2026-01-31T00:00:00Z', notes: 'Much\u001b[31m better.', files: ['linux-x64', 'linux-arm64', 'macos-x64', 'macos-arm64', 'win-x64', 'win-arm64'].map((target) => ({ target, name: `natsjob-99.0.0-${target}.tar.gz`, bytes: 50_000_000, sha256: '0f'.repeat(32) })) };

let server: Server;
let answer: RequestListener;
let url: string;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'natsjob-upgrade-'));
  server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/latest.json`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const json = (value: unknown): RequestListener => (_, response) => response.end(JSON.stringify(value));

async function natsjob(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ code: number; out: string; err: string }> {
  const { command, args: words } = testedCommand('upgrade', ...args);
  const child = spawn(command, words, { cwd: folder, env: { ...testedEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text; });
  child.stderr.setEncoding('utf8').on('data', (text: string) => { err += text; });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 128, out: out.trim(), err: err.trim() };
}

describe('natsjob upgrade --check', () => {
  it('ends with 10 for a newer version and says how to get it, on the terminal and as JSON', async () => {
    answer = json(NEWER);
    const told = await natsjob(['--check', '--url', url]);
    expect(told).toMatchObject({ code: 10, err: '' });
    expect(told.out).toContain('99.0.0 of 2026-01-31 is newer.');
    expect(told.out).toContain('Much [31m better.');
    expect(told.out).toContain(isPackedTested ? 'tar -xzf' : 'git pull');
    const { code, out } = await natsjob(['--check', '--json'], { NATSJOB_UPDATE_URL: url });
    expect([code, JSON.parse(out)]).toMatchObject([10, { latest: '99.0.0', isNewer: true, commands: isPackedTested ? expect.arrayContaining(['tar -xzf natsjob-99.0.0-linux-x64.tar.gz']) : ['git pull', 'npm start'] }]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('ends with 0 when up to date', async () => {
    answer = json({ ...NEWER, version: '0.0.1' });
    expect(await natsjob(['--check', '--update-url', url])).toMatchObject({ code: 0, out: expect.stringMatching(/^natsjob \S+ is up to date \(newest release: 0\.0\.1 of 2026-01-31\)\.$/) as string, err: '' });
  });

  it('ends with 78 without a feed, and with 2 without --check or with an address that is none', async () => {
    expect(await natsjob(['--check'])).toMatchObject({ code: 78, out: '', err: expect.stringContaining('NATSJOB_UPDATE_URL') as string });
    expect(await natsjob([])).toMatchObject({ code: 2, err: expect.stringContaining('does not replace itself') as string });
    expect(await natsjob(['--check', '--url', 'http://example.com/latest.json'])).toMatchObject({ code: 2, err: expect.stringContaining('http only for this machine') as string });
    expect(await natsjob(['--check'], { NATSJOB_UPDATE_URL: 'ftp://x' })).toMatchObject({ code: 78, err: expect.stringContaining('NATSJOB_UPDATE_URL') as string });
  });

  it('ends with 69 and one line when the answer is of no use or nobody answers', async () => {
    for (const [listener, sentence] of [
      [(_, response) => response.end('<html>login</html>'), 'is no feed of natsjob: latest.json must be JSON.'],
      [json({ ...NEWER, files: 'none' }), 'files must be a list'],
      [(_, response) => response.writeHead(404).end(), 'answers with status 404.'],
    ] satisfies [RequestListener, string][]) {
      answer = listener;
      const told = await natsjob(['--check', '--url', url]);
      expect(told).toMatchObject({ code: 69, out: '', err: expect.stringContaining(sentence) as string });
      expect(told.err.split('\n')).toHaveLength(1);
    }
    expect(await natsjob(['--check', '--url', `http://127.0.0.1:${await sparePort()}/`])).toMatchObject({ code: 69, err: expect.stringContaining('cannot be reached (ECONNREFUSED)') as string });
  });
});

describe('fetching a feed', () => {
  const fetched = (limits = { timeMs: 60_000, bytes: 1_000 }): Promise<string> => fetchFeed(url, limits);
  const refused = async (sentence: string, limits?: { timeMs: number; bytes: number }): Promise<void> => {
    const error: unknown = await fetched(limits).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FeedUnreachableError);
    expect((error as Error).message).toContain(sentence);
  };

  it('stops at the limit of bytes, also when the answer never ends', async () => {
    let isClosed: Promise<unknown> = Promise.resolve();
    answer = (_, response) => {
      isClosed = once(response, 'close');
      const feed = (): void => { while (!response.destroyed && response.write('x'.repeat(16_384))); };
      response.on('drain', feed);
      feed();
    };
    await refused('more than 1000 bytes');
    await isClosed;
    answer = (_, response) => response.end('x'.repeat(1_000));
    expect(await fetched()).toHaveLength(1_000);
  });

  it('stops when the time is up, before the answer or in the middle of it', async () => {
    answer = () => {};
    await refused('does not answer within 0.1 s', { timeMs: 100, bytes: 1_000 });
    answer = (_, response) => response.write('{');
    await refused('does not answer within 0.1 s', { timeMs: 100, bytes: 1_000 });
  });

  it('follows redirects that keep the rule, and five at most', async () => {
    answer = (request, response) => (request.url === '/latest.json' ? response.writeHead(302, { location: '/there' }).end() : response.end('here'));
    expect(await fetched()).toBe('here');
    answer = (_, response) => response.writeHead(302, { location: '/latest.json' }).end();
    await refused('redirects more than 5 times');
    answer = (_, response) => response.writeHead(302, { location: 'http://example.com/' }).end();
    await refused('not https');
    answer = (_, response) => response.writeHead(302, { location: 'http://[' }).end();
    await refused('redirects to nowhere');
    answer = (_, response) => response.writeHead(302).end();
    await refused('status 302');
  });

  it('tells a connection that breaks off', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '500' });
      response.write('{', () => response.destroy());
    };
    await refused('cannot be reached');
  });
});
