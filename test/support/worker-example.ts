import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { until } from './until.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const SCHEDULER = pathToFileURL(path.join(ROOT, 'dist', 'scheduler', 'index.mjs')).href;
const SOURCE = pathToFileURL(path.join(ROOT, 'src-core', 'worker', 'index.ts')).href;

export interface Example {
  readonly process: ChildProcess;
  output(): string;
  /** SIGTERM; resolves with its exit code. */
  stop(): Promise<number | null>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A program of examples/worker, with this server, namespace and app in place of its own, on the sources; the scheduler it may have in it is the built one. Resolves when it says that it is ready. */
export async function startExample(name: string, { url, namespace, app }: { url: string; namespace: string; app: string }): Promise<Example> {
  const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-test-example-'));
  const text = readFileSync(path.join(ROOT, 'examples', 'worker', name), 'utf8')
    .replace("'natsjob/scheduler'", `'${SCHEDULER}'`).replace('./natsjob-data', path.join(folder, 'data'))
    .replace("'natsjob/worker'", `'${SOURCE}'`).replace('nats://127.0.0.1:4222', url)
    .replace("namespace: 'app'", `namespace: '${namespace}'`).replace("app: 'shop'", `app: '${app}'`);
  const file = path.join(folder, name);
  writeFileSync(file, text);
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece: string) => (output += piece));
  const gone = once(child, 'close');
  let isGone = false;
  child.once('close', () => (isGone = true));
  const example: Example = {
    process: child,
    output: () => output,
    async stop() {
      child.kill('SIGTERM');
      return (await gone)[0] as number | null;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await until(() => {
    if (output.includes('ready')) return true;
    // Not at its exit, after which there may be something of it to read.
    if (isGone) throw new Error(`${name} ended (${child.exitCode})\n${output}`);
    return false;
  }, { deadlineMs: 60_000, what: () => `${name} to be ready\n${output}` });
  return example;
}
