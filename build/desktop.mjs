// npm run build:desktop: the bundles of the desktop console into dist/desktop, and what an installer would lay out beside them
// into dist/desktop-core, so that `electron dist/desktop` finds it the same way. Needs no Electron.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ROOT, prepare, runNode, runScript } from './prepare.mjs';

const DIST = path.join(ROOT, 'dist');

await runScript(async () => {
  await prepare({ natsServer: false });
  rmSync(path.join(DIST, 'desktop'), { recursive: true, force: true });
  await runNode([path.join(ROOT, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js'), 'build', '--logLevel', 'warn']);
  // Named apart, so that a clone's data is not that of an installed program.
  writeFileSync(path.join(DIST, 'desktop', 'package.json'), `${JSON.stringify({ name: 'natsjob-clone', type: 'module', main: 'main.mjs' }, null, 2)}\n`);
  layOutCore(path.join(DIST, 'desktop-core'));
});

/** The panel, the reader thread's script and SQLite's native part for this machine; nats-server is found as in any clone. */
function layOutCore(folder) {
  const { getPrebuildPath } = createRequire(import.meta.url)(path.join(ROOT, 'node_modules', 'better-sqlite3', 'lib', 'binding.js'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, 'native'), { recursive: true });
  cpSync(getPrebuildPath(), path.join(folder, 'native', 'better_sqlite3.node'));
  cpSync(path.join(DIST, 'panel'), path.join(folder, 'panel'), { recursive: true });
  cpSync(path.join(DIST, 'sql-reader.mjs'), path.join(folder, 'sql-reader.mjs'));
}
