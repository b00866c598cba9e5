// The parts that are written in Go: nats-server and the Windows helper, built for any target on this machine.
// Both are kept in the per-user cache, by version, Go version and platform: a second pack takes no time.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { PINNED_VERSION, cacheFolder } from '../../nats-server/pin.mjs';
import { PrepareError, say } from '../../prepare.mjs';

const MODULE = `github.com/nats-io/nats-server/v2@v${PINNED_VERSION}`;
const FLAGS = ['-trimpath', '-ldflags', '-s -w'];

/** Path of the pinned nats-server for the target. Throws PrepareError when there is no Go, or it fails. */
export function natsServerFor({ goos, goarch, suffix }) {
  return cached(`nats-server-v${PINNED_VERSION}`, { goos, goarch, suffix }, 'nats-server', (work) => {
    go(['mod', 'download', MODULE], { cwd: work });
    // Go refuses GOBIN for another platform; below a GOPATH of its own the file lies in bin/ or in bin/<platform>/.
    const env = { GOPATH: work, GOMODCACHE: go(['env', 'GOMODCACHE']), GOBIN: '', ...platform(goos, goarch) };
    go(['install', ...FLAGS, MODULE], { cwd: work, env });
    const name = `nats-server${suffix}`;
    return path.join(work, 'bin', readdirSync(path.join(work, 'bin'), { recursive: true }).find((file) => path.basename(file) === name) ?? name);
  });
}

/** Path of natsjob-helper.exe for the target; undefined where none is needed. Throws PrepareError. */
export function windowsHelperFor({ platform: name, goos, goarch, suffix }, root) {
  const folder = path.join(root, 'build', 'windows-helper');
  if (name !== 'win32' || !existsSync(path.join(folder, 'go.mod'))) return undefined;
  return cached(`windows-helper-${hashOfSources(folder)}`, { goos, goarch, suffix }, 'natsjob-helper', (work) => {
    const made = path.join(work, `natsjob-helper${suffix}`);
    go(['build', ...FLAGS, '-buildvcs=false', '-o', made, '.'], { cwd: folder, env: platform(goos, goarch) });
    return made;
  });
}

/** The Go that builds, as in go1.26.8: one of the inputs of the packed file. */
export function goVersion() {
  return go(['env', 'GOVERSION']);
}

function cached(kind, { goos, goarch, suffix }, name, make) {
  const folder = path.join(cacheFolder(), 'packaged', `${kind}-${goVersion()}`, `${goos}-${goarch}`);
  const file = path.join(folder, `${name}${suffix}`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(path.join(folder, 'work-'));
  const started = Date.now();
  try {
    say(`Building ${name} for ${goos}/${goarch} …`);
    renameSync(make(work), file);
    say(`Built ${name} for ${goos}/${goarch} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return file;
}

function platform(goos, goarch) {
  return { GOOS: goos, GOARCH: goarch, CGO_ENABLED: '0', GOFLAGS: '', GOAMD64: '', GOARM64: '' };
}

function go(args, { cwd, env = {} } = {}) {
  const { status, stdout, stderr, error } = spawnSync('go', args, { cwd, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 });
  if (error?.code === 'ENOENT') throw new PrepareError('Go is not on PATH: natsjob ships nats-server, which is built with it for each platform (https://go.dev/dl)');
  if (status !== 0) throw new PrepareError(`go ${args[0]} failed: ${(error?.message ?? stderr).trim().split('\n').slice(-5).join('\n')}`);
  return stdout.trim();
}

/** The helper's cache entry changes with its sources. */
function hashOfSources(folder) {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true }).filter((file) => /\.(go|mod|sum|syso|manifest)$/.test(file)).sort()) hash.update(`${name}\n`).update(readFileSync(path.join(folder, name)));
  return hash.digest('hex').slice(0, 16);
}
