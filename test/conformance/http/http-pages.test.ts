import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFixture } from '../../support/http-fixture.ts';
import type { HttpFixture } from '../../support/http-fixture.ts';

const STYLE = 'body{margin:0}'.repeat(300);

let folder: string;
let http: HttpFixture;
let bare: HttpFixture;
let proxy: Server;
let proxied: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'panel-'));
  await mkdir(join(folder, 'panel/assets'), { recursive: true });
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await writeFile(join(folder, 'panel/index.html'), '<!doctype html><script type="module" src="./assets/index-Ab12_x9Z.js"></script>');
  await writeFile(join(folder, 'panel/assets/index-Ab12_x9Z.js'), 'export default 1;'.repeat(200));
  await writeFile(join(folder, 'panel/中 文.svg'), '<svg/>');
  await writeFile(join(folder, 'panel/assets/style-Ab12_x9Z.css'), STYLE);
  await writeFile(join(folder, 'panel/assets/style-Ab12_x9Z.css.br'), brotliCompressSync(STYLE));
  await writeFile(join(folder, 'panel/assets/style-Ab12_x9Z.css.gz'), gzipSync(STYLE));
  await writeFile(join(folder, 'panel/assets/lone.gz'), 'lone');
  await writeFile(join(folder, 'panel/assets/packed-Ab12_x9Z.css.br'), brotliCompressSync(STYLE));
  await symlink(join(folder, 'secret.txt'), join(folder, 'panel/link.txt'));
  http = await startFixture({ panelDir: join(folder, 'panel') });
  bare = await startFixture();
  proxy = createServer(proxyLikeTheManual).listen(0, '127.0.0.1');
  await new Promise((resolve) => proxy.once('listening', resolve));
  proxied = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await Promise.all([http.server.stop(), bare.server.stop()]);
  await rm(folder, { recursive: true });
});

/** The two locations of the manual's nginx: /natsjob/api as it is, /natsjob/ without its prefix. */
function proxyLikeTheManual(incoming: IncomingMessage, answer: ServerResponse): void {
  const api = incoming.url!.startsWith('/natsjob/api');
  const headers = { ...incoming.headers, 'x-real-ip': '203.0.113.9', ...(api ? { 'x-forwarded-for': '203.0.113.9', 'x-forwarded-proto': 'https' } : {}) };
  const path = api ? incoming.url! : incoming.url!.replace(/^\/natsjob/, '');
  const outgoing = request(`${http.origin}${path}`, { method: incoming.method!, headers }, (response) => {
    answer.writeHead(response.statusCode!, response.headers);
    response.pipe(answer);
  });
  incoming.pipe(outgoing);
}

test('without a panel a plain page says that the API is up, and where', async () => {
  const answer = await bare.send('GET', '//');
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(answer.text).toContain('/natsjob/api');
  expect(answer.text).toContain('1.2.3');
});

test.each(['//', '//index.html', '//natsjob/', '//?x=1'])('the panel is at %s', async (path) => {
  const answer = await http.send('GET', path);
  expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-cache']);
  expect(answer.text).toContain('assets/index');
  expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'");
});

test('files are typed, zipped, tagged, and kept by the browser when their name says what is in them', async () => {
  const script = await http.send('GET', '//assets/index-Ab12_x9Z.js');
  expect([script.status, script.headers.get('content-type'), script.headers.get('content-encoding')]).toEqual([200, 'text/javascript; charset=utf-8', 'gzip']);
  expect(script.text.length).toBe(3_400);
  expect(script.headers.get('cache-control')).toContain('immutable');
  const again = await http.send('GET', '//assets/index-Ab12_x9Z.js', undefined, { 'if-none-match': script.headers.get('etag')! });
  expect([again.status, again.text]).toEqual([304, '']);
  expect((await http.send('GET', `//${encodeURIComponent('中 文.svg')}`)).headers.get('content-type')).toBe('image/svg+xml');
  expect((await http.send('HEAD', '//')).status).toBe(200);
  expect((await http.send('POST', '//', {})).status).toBe(404);
});

test('a page may load from here only, run no made-up script, and be framed by nobody', async () => {
  for (const path of ['//', '//assets/index-Ab12_x9Z.js', '//jobs']) {
    const { headers } = await http.send('GET', path, undefined, { accept: 'text/html' });
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-hashes' 'sha256-iaOezIDcQIoxCULa6FBKKuLUu09R7kG+Mlu+JVfU3Rw='; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html");
    expect([headers.get('x-content-type-options'), headers.get('referrer-policy'), headers.get('cross-origin-opener-policy')]).toEqual(['nosniff', 'no-referrer', 'same-origin']);
  }
});

test.each([
  ['br, gzip', 'br'], ['gzip, deflate, br;q=0', 'gzip'], ['gzip;q=0.5, *;q=0', 'gzip'], ['*', 'br'], ['identity', null], ['br;q=0, gzip;q=0.0', null],
])('who takes "%s" gets what lies packed as %s beside a file', async (accepted, encoding) => {
  const path = '/assets/style-Ab12_x9Z.css';
  const style = await http.send('GET', `/${path}`, undefined, { 'accept-encoding': accepted });
  expect([style.status, style.headers.get('content-encoding'), style.headers.get('content-type'), style.text]).toEqual([200, encoding, 'text/css; charset=utf-8', STYLE]);
  expect([style.headers.get('cache-control'), style.headers.get('vary')]).toEqual(['public, max-age=31536000, immutable', 'Accept-Encoding']);
  const again = await http.send('GET', `/${path}`, undefined, { 'accept-encoding': accepted, 'if-none-match': `"other", W/${style.headers.get('etag')}` });
  expect([again.status, again.text]).toEqual([304, '']);
});

test.each(['br', 'gzip', ''])('a file that is there as Brotli only is sent as %j, too', async (accepted) => {
  const style = await http.send('GET', '//assets/packed-Ab12_x9Z.css', undefined, { 'accept-encoding': accepted });
  expect([style.status, style.headers.get('content-encoding') ?? '', style.headers.get('content-type'), style.text]).toEqual([200, accepted, 'text/css; charset=utf-8', STYLE]);
  expect((await http.send('GET', '//assets/packed-Ab12_x9Z.css.br')).status).toBe(404);
});

test('packed files have no address of their own, unless nothing else has their name', async () => {
  expect((await http.send('GET', '//assets/style-Ab12_x9Z.css.br')).status).toBe(404);
  expect((await http.send('GET', '//assets/lone.gz')).text).toBe('lone');
});

test.each(['//link.txt', '//../secret.txt', '//%2e%2e/secret.txt', '//..%2fsecret.txt', '//assets/../../secret.txt', '//%2fetc/passwd', '//natsjob/../../secret.txt', '//%00', '//%ff', '//missing.js'])('%s leads nowhere', async (path) => {
  const answer = await rawGet(http.origin, path.slice(1));
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(answer.text).not.toContain('secret\n');
});

test('a place of the panel typed without # is found, at any depth and below any prefix', async () => {
  const accept = { accept: 'text/html' };
  expect((await http.send('GET', '//jobs', undefined, accept)).headers.get('location')).toBe('./#/jobs');
  expect((await http.send('GET', '//jobs/new', undefined, accept)).headers.get('location')).toBe('../#/jobs/new');
  expect((await http.send('GET', '//natsjob/jobs/new', undefined, accept)).headers.get('location')).toBe('../#/jobs/new');
  expect((await http.send('GET', '//natsjob')).headers.get('location')).toBe('natsjob/');
  expect((await http.send('GET', '///evil.example/x', undefined, accept)).headers.get('location') ?? '').not.toMatch(/^\/\//);
});

test('behind the manual\'s nginx pages lose their prefix, the API keeps its path, and nobody passes for local', async () => {
  expect(await (await fetch(`${proxied}/natsjob/`)).text()).toContain('assets/index');
  expect((await fetch(`${proxied}/natsjob/assets/index-Ab12_x9Z.js`)).status).toBe(200);
  const me = await fetch(`${proxied}/natsjob/api/me`, { headers: { authorization: `Bearer ${http.token}` } });
  expect(me.status).toBe(200);
  expect((await fetch(`${proxied}/natsjob/metrics`)).status).toBe(401);
  expect(await (await fetch(`${proxied}/natsjob/readyz`)).json()).toEqual({ status: 'ready' });
  expect((await fetch(`${proxied}/natsjob/healthz`)).status).toBe(200);
});

/** fetch tidies up dots in a path before it sends it. */
function rawGet(origin: string, path: string): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, path }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => (text += String(chunk))).on('end', () => resolve({ status: answer.statusCode!, text }));
    });
    call.on('error', reject);
    call.end();
  });
}
