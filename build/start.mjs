// npm start: sets up whatever is missing in this clone, then becomes the scheduler.
//   npm start -- --http-port 8080      flags go to `natsjob serve`
//   npm start -- job ls                a command goes to `natsjob` as it is
// Plain JavaScript that an old Node can read, so that it can say which one is needed.
const PARENT_POLL_MS = 500;
const major = Number(process.versions.node.split('.')[0]);

if (major < 20) {
  process.stderr.write(`natsjob needs Node 20 or newer to set itself up, this is ${process.version}\n`);
  process.exitCode = 1;
} else {
  const { runScript } = await import('./prepare.mjs');
  await runScript(start);
}

async function start() {
  const { pathToFileURL } = await import('node:url');
  const path = await import('node:path');
  const { NODE, ROOT, isOnProjectNode, prepare, runForeground } = await import('./prepare.mjs');
  await prepare();
  const entry = path.join(ROOT, 'dist', 'headless.mjs');
  const given = process.argv.slice(2);
  const args = given.length > 0 && !given[0].startsWith('-') ? given : ['serve', ...given];
  stopWithNpm();
  if (!isOnProjectNode()) return runForeground(NODE, ['--enable-source-maps', entry, ...args]);
  // Same process: no second one to start, and signals go straight to the scheduler.
  process.setSourceMapsEnabled(true);
  process.argv.splice(1, process.argv.length - 1, entry, ...args);
  await import(pathToFileURL(entry).href);
  return process.exitCode;
}

/**
 * npm passes a signal to its shell only, which dies of it without telling us. So when the process
 * that started us is gone, take it as a request to stop, else `kill <npm>` would leave a scheduler behind.
 */
function stopWithNpm() {
  if (!process.env.npm_lifecycle_event || process.platform === 'win32') return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, PARENT_POLL_MS);
  watch.unref();
}
