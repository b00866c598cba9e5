// Builds natsjob-helper.exe, from any machine with Go.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrepareError } from '../prepare.mjs';

/** Folder of the Go module. */
export const HELPER_SOURCES = fileURLToPath(new URL('.', import.meta.url));

/** Builds the helper for Windows on `goarch` (amd64, arm64) into the file `out`. The same sources give the same bytes. Throws PrepareError. */
export function buildHelper({ goarch, out }) {
  mkdirSync(path.dirname(path.resolve(out)), { recursive: true });
  const env = { ...process.env, GOOS: 'windows', GOARCH: goarch, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };
  const args = ['build', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', '-o', path.resolve(out), '.'];
  const done = spawnSync('go', args, { cwd: HELPER_SOURCES, env, encoding: 'utf8' });
  if (done.error) throw new PrepareError(`natsjob-helper.exe is built with Go, which cannot be run: ${done.error.message}`);
  if (done.status !== 0) throw new PrepareError(`natsjob-helper.exe for ${goarch} could not be built:\n${done.stderr.trim()}`);
}
