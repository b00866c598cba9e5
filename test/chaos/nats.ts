import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sparePort } from '../support/spare-port.ts';
import { until } from '../support/until.ts';
import { Child } from './child.ts';
import type { Family } from './child.ts';

const START_MS = 60_000;

export interface NatsNode {
  readonly child: Child;
  readonly url: string;
  /** Its monitoring page says that it serves clients and that its streams are up to date. */
  isWell(): Promise<boolean>;
}

/** One server, or three that know each other, on stores of their own. */
export async function makeNats(folder: string, binary: string, servers: number, family: Family): Promise<readonly NatsNode[]> {
  const routes = await Promise.all(Array.from({ length: servers }, () => sparePort()));
  const made: NatsNode[] = [];
  for (let n = 1; n <= servers; n++) {
    const name = `nats-${n}`;
    const [port, monitor] = [await sparePort(), await sparePort()];
    const own = path.join(folder, name);
    mkdirSync(own, { recursive: true });
    const lines = [
      `server_name: ${name}`, 'host: "127.0.0.1"', `port: ${port}`, `http: "127.0.0.1:${monitor}"`, `jetstream { store_dir: ${JSON.stringify(path.join(own, 'store'))} }`,
      ...(servers === 1 ? [] : [`cluster { name: chaos, host: "127.0.0.1", port: ${routes[n - 1]}, routes: [${routes.map((route) => `"nats://127.0.0.1:${route}"`).join(', ')}] }`]),
    ];
    const config = path.join(own, 'server.conf');
    writeFileSync(config, `${lines.join('\n')}\n`);
    const child = new Child({ name, command: binary, args: ['-c', config], env: {}, cwd: own, logFile: path.join(folder, `${name}.log`) }, family);
    made.push({ child, url: `nats://127.0.0.1:${port}`, isWell: () => isWell(monitor) });
  }
  return made;
}

export async function startNats(servers: readonly NatsNode[]): Promise<void> {
  for (const { child } of servers) child.start();
  await until(async () => (await Promise.all(servers.map((server) => server.isWell()))).every(Boolean), { deadlineMs: START_MS, what: 'NATS to be up' });
}

async function isWell(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(1_000) })).status === 200;
  } catch {
    return false;
  }
}
