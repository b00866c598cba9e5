import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sparePort } from './spare-port.ts';
import { until } from './until.ts';

const NGINX = '/usr/sbin/nginx';
const DEBIAN = fileURLToPath(new URL('../../build/debian.mjs', import.meta.url));

/** Installed on Debian as root when missing; elsewhere false, loudly, and an error in CI. */
export function hasNginx(): boolean {
  if (existsSync(NGINX)) return true;
  spawnSync(process.execPath, [DEBIAN, 'ensure', 'nginx-light'], { stdio: 'inherit' });
  if (existsSync(NGINX)) return true;
  if (process.env.CI) throw new Error('nginx is missing, and CI may not skip the tests behind it');
  process.stderr.write('SKIPPED: the tests behind a proxy need nginx (Debian: apt-get install nginx-light)\n');
  return false;
}

export interface Nginx {
  /** Without a slash at the end. */
  readonly url: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** nginx on a spare port with these lines inside its server block; `natsjobweb` is the upstream at `backend`. */
export async function startNginx(backend: string, locations: string): Promise<Nginx> {
  const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-nginx-'));
  const port = await sparePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  writeFileSync(path.join(folder, 'nginx.conf'), `
    daemon off; master_process off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
    events {}
    http {
      access_log off; ${temporary}
      upstream natsjobweb { server ${new URL(backend).host}; }
      server { listen 127.0.0.1:${port}; ${locations} }
    }`);
  const child = spawn(NGINX, ['-p', folder, '-c', path.join(folder, 'nginx.conf'), '-e', path.join(folder, 'error.log')], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${readFileSync(path.join(folder, 'error.log'), 'utf8')}`);
    return fetch(url).then(() => true, () => undefined);
  });
  return {
    url,
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.kill()) await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
