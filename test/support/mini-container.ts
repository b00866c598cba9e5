import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { endProcess } from './end-process.ts';
import type { Image } from './mini-image.ts';
import { until } from './until.ts';

/** As a container engine would set it up: namespaces of its own, the image read-only, no new privileges, PID 1. */
const SET_UP = `
set -e
root=$1 uid=$2 gid=$3 workdir=$4
shift 4
ip link set lo up
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
  [ -e "$root$2" ] || mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  shift 2
done
shift
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o mode=755,size=64k tmpfs "$root/dev"
for device in null zero full random urandom; do touch "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device"; done
mount -o remount,ro "$root/dev"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs unshare --root "$root" --wd "$workdir" --setgid "$gid" --setuid "$uid" "$@"
`;
const PREFIX = 'natsjob-test-image-';
const ENGINE_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface ContainerOptions {
  readonly image: Image;
  readonly env?: Readonly<Record<string, string>>;
  /** Folder or file in the image → the one of this machine, writable in the container. */
  readonly volumes: Readonly<Record<string, string>>;
  /** Instead of the image's CMD. */
  readonly command?: readonly string[];
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** A running container of the image, without an engine. `await using` ends it and everything in it. */
export interface Container {
  /** Of its first process, as this machine numbers it. */
  readonly pid: number;
  output(): string;
  /** Runs a program in it, as its user and with its environment, as `docker exec` does. */
  exec(command: readonly string[], input?: string): Ended;
  /** To its first process. */
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startContainer({ image, env = {}, volumes, command }: ContainerOptions): Promise<Container> {
  const { config } = image;
  const [uid = '0', gid = '0'] = config.user.split(':');
  // Without an entry in /etc/passwd engines take the root folder for the home.
  const environment = { PATH: ENGINE_PATH, HOME: '/', HOSTNAME: 'container', ...config.env, ...env };
  const mounts = Object.entries(volumes).flatMap(([inside, outside]) => [outside, inside]);
  const child = spawn('unshare', ['--mount', '--pid', '--net', '--ipc', '--uts', '--fork', 'sh', '-c', SET_UP, 'sh', image.root, uid, gid, config.workdir, ...mounts, '--', ...config.entrypoint, ...(command ?? config.cmd)], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  // With its first process all others of the container end. It cannot be tied to `unshare`: the change of user undoes that.
  const end = (): void => {
    const first = childOf(child.pid as number);
    if (first !== undefined) endProcess(first);
    child.kill('SIGKILL');
  };
  process.once('exit', end);
  const ended = new Promise<Ended>((resolve) => child.once('close', (code, signal) => {
    process.off('exit', end);
    resolve({ code, signal, output });
  }));
  const pid = await until(() => isGone(child) ? -1 : childOf(child.pid as number), { what: () => `the first process of the container\n${output}` });
  return {
    pid, ended,
    output: () => output,
    exec: (words, input = '') => {
      const { status, signal, stdout, stderr } = spawnSync('nsenter', ['--target', String(pid), '--mount', '--pid', '--net', '--ipc', '--uts', '--root', '--wd', '--setgid', gid, '--setuid', uid, ...words], { env: environment, input, encoding: 'utf8', timeout: 60_000 });
      return { code: status, signal, output: `${stdout}${stderr}` };
    },
    kill: (signal) => void (pid > 0 && process.kill(pid, signal)),
    [Symbol.asyncDispose]: async () => {
      end();
      await ended;
    },
  };
}

/** A folder for images and volumes, named after this process. What killed test processes left of theirs is ended and removed. */
export function makeContainerFolder(): string {
  for (const name of readdirSync(tmpdir())) {
    const owner = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split('-')[0]) : 0;
    if (!owner || existsSync(`/proc/${owner}`)) continue;
    const folder = path.join(tmpdir(), name);
    for (const pid of readdirSync('/proc')) if (/^\d+$/.test(pid) && rootOf(pid).startsWith(`${folder}/`)) endProcess(Number(pid));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return mkdtempSync(path.join(tmpdir(), `${PREFIX}${process.pid}-`));
}

/** Processes of the container, by their state: `Z` is one that ended and nobody asked for. */
export function processesIn({ pid }: Container): { pid: number; state: string; command: string }[] {
  return descendants(pid).map((one) => {
    const stat = readText(`/proc/${one}/stat`);
    return { pid: one, state: stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '', command: path.basename(readText(`/proc/${one}/cmdline`).split('\0')[0] ?? '') };
  });
}

/** Where something can be written in the container: mount points that are not read-only, those of the kernel left out. */
export function writableMounts({ pid }: Container): string[] {
  return readText(`/proc/${pid}/mountinfo`).trim().split('\n').map((line) => line.split(' '))
    .filter(([, , , , , options]) => !(options as string).split(',').includes('ro'))
    .map(([, , , , point]) => point as string).filter((point) => point !== '/proc' && !point.startsWith('/dev/'));
}

function descendants(pid: number): number[] {
  return [pid, ...readText(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean).flatMap((child) => descendants(Number(child)))];
}

function childOf(pid: number): number | undefined {
  const first = readText(`/proc/${pid}/task/${pid}/children`).trim().split(' ')[0];
  return first ? Number(first) : undefined;
}

function isGone(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function rootOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/root`);
  } catch {
    return '';
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
