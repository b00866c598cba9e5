// The packers themselves: a package of their own, so that a clone that only starts natsjob need not install them.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PrepareError, ROOT, npmEnvironment, say } from '../prepare.mjs';

const HOME = path.join(ROOT, 'build', 'package');
const STAMP = path.join(HOME, 'node_modules', '.natsjob-installed');

export async function run() {
  const wanted = createHash('sha256').update(readFileSync(path.join(HOME, 'package-lock.json'))).digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;
  say('Installing the packaging tools (npm ci in build/package) …');
  const { command, args, options } = npmEnvironment(['ci', '--prefer-offline', '--no-fund', '--no-audit']);
  const { status, stdout, stderr } = spawnSync(command, args, { ...options, cwd: HOME, encoding: 'utf8' });
  if (status !== 0) throw new PrepareError(`npm ci failed in build/package, is the npm registry reachable?\n${`${stdout}${stderr}`.trim().split('\n').slice(-8).join('\n')}`);
  writeFileSync(STAMP, wanted);
}
