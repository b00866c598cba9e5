// node build/debian.mjs ensure <package …>: on Debian and its kin, as root, installs those packages that are missing.
// Anywhere else it says what is missing and fails, so that a test which needs them can say so too.
import { spawnSync } from 'node:child_process';

const [command, ...packages] = process.argv.slice(2);

if (command !== 'ensure') {
  process.stderr.write('usage: node build/debian.mjs ensure <package …>\n');
  process.exitCode = 2;
} else {
  process.exitCode = ensure(packages);
}

function ensure(wanted) {
  const missing = wanted.filter((name) => !isInstalled(name));
  if (missing.length === 0) return 0;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || !runs('apt-get', ['--version'])) {
    process.stderr.write(`Missing: ${missing.join(', ')}. As root on Debian: apt-get install ${missing.join(' ')}\n`);
    return 1;
  }
  process.stderr.write(`Installing ${missing.join(', ')} …\n`);
  const options = { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  // Several tests at once may ask: the later ones wait for the lock. A mirror may be out of breath.
  const patience = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=5'];
  const install = () => spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...patience, ...missing], options).status;
  if (install() === 0) return 0;
  spawnSync('apt-get', ['update', '-qq', ...patience], options); // the lists are missing or old
  return install() ?? 1;
}

function isInstalled(name) {
  const asked = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' });
  return asked.status === 0 && asked.stdout.includes('install ok installed');
}

function runs(program, args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}
