import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const DEBIAN = fileURLToPath(new URL('../../build/debian.mjs', import.meta.url));
const BUSYBOX = '/bin/busybox';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** The packages of Debian 12 that distroless/cc is made of. */
const PACKAGES = ['libc6', 'libgcc-s1', 'libgomp1', 'libssl3', 'libstdc++6', 'tzdata', 'ca-certificates'];

/**
 * Whether this machine can lay out and run an image: root, Debian with these packages, and namespaces. What is missing of the
 * packages is installed. Else false, loudly, and an error in CI.
 */
export function canRunContainers(): boolean {
  const missing = whatIsMissing();
  if (missing === undefined) return true;
  if (process.env.CI) throw new Error(`${missing}, and CI may not skip the tests of the container`);
  process.stderr.write(`\n*** SKIPPED *** the tests of the container: ${missing}\n`);
  return false;
}

function whatIsMissing(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'they need root on Linux';
  if (!runs('dpkg-query', '--version')) return 'they need Debian, whose packages the image is made of';
  if (!runs(process.execPath, DEBIAN, 'ensure', ...PACKAGES, 'busybox-static')) return 'Debian packages are missing';
  return runs('unshare', '--mount', '--pid', '--net', '--fork', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt') ? undefined : 'this machine allows no namespaces';
}

function runs(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}

/** gcr.io/distroless/cc-debian12, from the same packages as they are on this machine: libraries, zones, certificates, no program. */
export function distrolessBase(root: string): void {
  for (const [folder, mode] of [['etc/ssl/certs', 0o755], ['dev', 0o755], ['proc', 0o555], ['sys', 0o555], ['tmp', 0o1777], ['var/tmp', 0o1777], ['root', 0o700], ['home/nonroot', 0o700]] as const) {
    mkdirSync(path.join(root, folder), { recursive: true });
    chmodSync(path.join(root, folder), mode);
  }
  const files = spawnSync('dpkg-query', ['-L', ...PACKAGES], { encoding: 'utf8' }).stdout.split('\n')
    .filter((file) => /^(\/usr)?\/lib(64)?\/([a-z\d_]+-linux-gnu\/)?[^/]*\.so[.\d]*$|^\/usr\/share\/zoneinfo\/./.test(file) && existsSync(file));
  const { status, stderr } = spawnSync('sh', ['-c', 'tar --no-recursion -C / -cf - -T - | tar -C "$0" -xf -', root], { input: files.map((file) => file.slice(1)).join('\n'), encoding: 'utf8' });
  if (status !== 0) throw new Error(`copying the libraries: ${stderr}`);
  copyFileSync(CERTIFICATES, path.join(root, CERTIFICATES));
  writeFileSync(path.join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n');
  writeFileSync(path.join(root, 'etc/group'), 'root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n');
  writeFileSync(path.join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
}

/** busybox, whose every applet is a link to the one program. */
export function busyboxBase(root: string): void {
  mkdirSync(path.join(root, 'bin'));
  copyFileSync(BUSYBOX, path.join(root, 'bin/busybox'));
  symlinkSync('busybox', path.join(root, 'bin/sh'));
  spawnSync('chroot', [root, '/bin/busybox', '--install', '-s', '/bin']);
}
