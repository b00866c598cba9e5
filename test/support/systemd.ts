import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const DEBIAN = fileURLToPath(new URL('../../build/debian.mjs', import.meta.url));

/** Whether a program of systemd is here. Installed on Debian as root when missing; elsewhere false, loudly, and an error in CI. */
export function hasSystemdTool(tool: 'systemd-analyze' | 'systemd-notify'): boolean {
  if (process.platform !== 'linux') return false;
  if (runs(tool)) return true;
  spawnSync(process.execPath, [DEBIAN, 'ensure', 'systemd'], { stdio: 'inherit' });
  if (runs(tool)) return true;
  if (process.env.CI) throw new Error(`${tool} is missing, and CI may not skip the tests of the service`);
  process.stderr.write(`SKIPPED: tests of the service need ${tool} (Debian: apt-get install systemd)\n`);
  return false;
}

/** Python reads property lists and listens on datagram sockets, which Node does not. */
export function hasPython(): boolean {
  if (spawnSync('python3', ['-c', 'import plistlib']).status === 0) return true;
  if (process.env.CI) throw new Error('python3 is missing, and CI may not skip the tests of the service');
  process.stderr.write('SKIPPED: tests of the service need python3\n');
  return false;
}

function runs(tool: string): boolean {
  return spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Whether a process can be held in as a unit would: root, namespaces, and Debian's Python with its seccomp module. */
export function canConfine(): boolean {
  if (process.platform !== 'linux') return false;
  if (confines()) return true;
  spawnSync(process.execPath, [DEBIAN, 'ensure', 'python3-seccomp', 'systemd'], { stdio: 'inherit' });
  if (confines()) return true;
  if (process.env.CI) throw new Error('no process can be held in here (root, mount namespaces, python3-seccomp), and CI may not skip that test');
  process.stderr.write('SKIPPED: a test of the service needs root, mount namespaces and python3-seccomp\n');
  return false;
}

function confines(): boolean {
  return spawnSync('unshare', ['--mount', '/usr/bin/python3', '-c', 'import seccomp'], { stdio: 'ignore' }).status === 0;
}
