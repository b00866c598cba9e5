import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { isThere } from '../../test/support/database-server.ts';
import { sparePort } from '../../test/support/spare-port.ts';
import { scratchDir } from './scratch.ts';
import type { CaseContext } from './types.ts';

export interface BenchRedis {
  readonly url: string;
  readonly pid: number;
}

const READY_MS = 60_000;

/** As root on Debian it is installed when it is missing. */
export function hasRedis(): boolean {
  return isThere(() => (spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0 ? 'redis-server' : undefined), 'redis-server');
}

/** A redis-server of this case alone, empty, on loopback. `everysec`: the append-only file, written to the disk once a second. */
export async function startRedis(context: CaseContext, persistence: 'none' | 'everysec'): Promise<BenchRedis> {
  if (!hasRedis()) throw new Error('There is no redis-server, beside which the case queue measures. On Debian: apt-get install redis-server');
  const port = await sparePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', scratchDir(context), '--save', '', '--appendonly', persistence === 'everysec' ? 'yes' : 'no', '--appendfsync', 'everysec', '--daemonize', 'no'];
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  const gone = once(child, 'exit');
  context.defer(async () => {
    child.kill('SIGTERM');
    await gone;
  });
  const until = performance.now() + READY_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > until) throw new Error('redis-server did not start.');
  }
  return { url: `redis://127.0.0.1:${port}`, pid: child.pid ?? 0 };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => void socket.write('PING\r\n'));
    const end = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.on('data', (data) => end(data.toString().startsWith('+PONG')));
    socket.on('error', () => setTimeout(end, 20, false));
  });
}
