// npm run dev [-- arguments of serve]: runs the scheduler, builds and starts it anew whenever a source changes.
// A build that fails leaves the running one alone.
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import path from 'node:path';
import { isBuilt } from './fingerprint.mjs';
import { NODE, ROOT, prepare, runForeground, runScript, say } from './prepare.mjs';

const SETTLE_MS = 150;
const STOP_MS = 10_000;

let child;
let ending = false;
let work = Promise.resolve();
let settled;

await runScript(async () => {
  await prepare();
  await start();
  for (const folder of ['src-core', 'src-main']) watch(path.join(ROOT, folder), { recursive: true }, changed);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      ending = true;
      void stop().then(() => process.exit(0));
    });
  }
  await new Promise(() => {});
});

function changed() {
  clearTimeout(settled);
  settled = setTimeout(() => { work = work.then(rebuild, rebuild); }, SETTLE_MS);
}

async function rebuild() {
  if (ending || isBuilt(ROOT)) return;
  const code = await runForeground(NODE, [path.join(ROOT, 'build', 'build.mjs')]);
  if (code !== 0 || ending) return;
  await stop();
  await start();
}

async function start() {
  const entry = path.join(ROOT, 'dist', 'headless.mjs');
  const own = spawn(NODE, ['--enable-source-maps', entry, 'serve', ...process.argv.slice(2)], { stdio: 'inherit', cwd: ROOT });
  child = own;
  own.on('exit', (code, signal) => {
    if (child !== own) return;
    child = undefined;
    if (!ending) say(`The scheduler ended (${signal ?? code}); it starts again at the next change`);
  });
}

function stop() {
  const own = child;
  child = undefined;
  if (!own || own.exitCode !== null || own.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const tooLate = setTimeout(() => own.kill('SIGKILL'), STOP_MS);
    own.once('exit', () => { clearTimeout(tooLate); resolve(); });
    own.kill('SIGTERM');
  });
}
