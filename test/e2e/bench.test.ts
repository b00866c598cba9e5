import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CASES } from '../../bench/cases/index.ts';
import { hasRedis } from '../../bench/support/redis.ts';
import { hasMariadb } from '../support/mariadb.ts';
import { natsServerPath } from '../support/nats-server.ts';
import { hasPostgres } from '../support/postgres.ts';
import { until } from '../support/until.ts';

const RUN = fileURLToPath(new URL('../../bench/run.ts', import.meta.url));
const KEYS = ['case', 'unit', 'value', 'limit', 'ratio', 'cpu_us', 'nats_cpu_us', 'p50_ms', 'p99_ms', 'max_ms', 'rss_mb'];
const WITH_LIMIT = ['max', 'max-postgres', 'max-mariadb', 'lite', 'plus'];

/** Nothing here looks at how fast anything is. */
describe.skipIf(process.platform !== 'linux' || !(await natsServerPath()))('bench', () => {
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'natsjob-bench-test-'));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const missing = [...(hasPostgres() ? [] : ['max-postgres', 'list-postgres']), ...(hasMariadb() ? [] : ['max-mariadb', 'list-mariadb']), ...(hasRedis() ? [] : ['queue'])];
  it.each(Object.keys(CASES).filter((name) => !missing.includes(name)))('runs the case %s in a tiny size, prints its figures as JSON and leaves nothing behind', async (name) => {
    const { code, out, err } = await bench('--case', name, '--quick', '--json');
    expect(code, err).toBe(0);
    const figures = out.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(figures[0]?.['case']).toBe(name);
    for (const figure of figures) {
      expect(Object.keys(figure)).toEqual(KEYS);
      expect(figure['case']).toMatch(new RegExp(`^${name}(/|$)`));
      expect(Number.isFinite(figure['value']), `${figure['case']}: ${figure['value']}`).toBe(true);
      // A difference may well be below zero: a page, or a program, can hold less at the end than at the start.
      if (!/(-growth|^asked\/waiting)$/.test(String(figure['case']))) expect(figure['value']).toBeGreaterThanOrEqual(0);
    }
    if (WITH_LIMIT.includes(name)) expect(figures[0]?.['ratio']).toBeGreaterThan(0);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('prints a table without --json', async () => {
    const { code, out, err } = await bench('--case', 'idle', '--quick');
    expect(code, err).toBe(0);
    expect(out).toMatch(/^case +value +unit.*\nidle +/);
  });

  it('cleans up when it is interrupted', async () => {
    const running = start('--case', 'idle');
    await untilProgramRuns();
    running.child.kill('SIGTERM');
    const { code } = await running.ended;
    expect(code).toBe(130);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('names the cases when asked for one that does not exist', async () => {
    const { code, err } = await bench('--case', 'speed');
    expect(code).toBe(2);
    expect(err).toContain('no case is called speed; there are max, max-postgres');
  });

  function bench(...args: string[]): Promise<Ended> {
    return start(...args).ended;
  }

  function start(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', RUN, ...args], { env: { ...process.env, TMPDIR: folder }, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text; });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { err += text; });
    return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, out, err })) };
  }

  async function untilProgramRuns(): Promise<void> {
    await until(() => {
      try {
        return readdirSync(folder, { recursive: true }).some((file) => String(file).endsWith('natsjob.sqlite'));
      } catch {
        // A folder went while it was looked through.
        return false;
      }
    }, { deadlineMs: 240_000, what: 'the program to have its database' });
  }
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
