// npm run dev [-- arguments of serve]: runs the scheduler, builds and starts it anew whenever a source changes.
// A build that fails leaves the running one alone.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fingerprint, isBuilt } from './fingerprint.mjs';
import { NODE, ROOT, prepare, runForeground, runScript, say } from './prepare.mjs';

const LOOK_MS = 400;
const STOP_MS = 10_000;

let child;
let ending = false;
let tried; // fingerprint of the sources of the last build, good or bad

await runScript(async () => {
  await prepare();
  await start();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      ending = true;
      void stop().then(() => process.exit(0));
    });
  }
  // Looking costs a few milliseconds and misses nothing; recursive watching loses files that an editor replaces.
  for (;;) {
    await pause(LOOK_MS);
    await rebuild();
  }
});

async function rebuild() {
  if (ending || isBuilt(ROOT)) return;
  const now = fingerprint(ROOT);
  if (now === tried) return;
  tried = now;
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
