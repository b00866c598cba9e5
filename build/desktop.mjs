// npm run build:desktop: the bundles of the desktop console, into dist/desktop. Needs no Electron.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { ROOT, prepare, runNode, runScript } from './prepare.mjs';

await runScript(async () => {
  await prepare({ natsServer: false });
  rmSync(path.join(ROOT, 'dist', 'desktop'), { recursive: true, force: true });
  await runNode([path.join(ROOT, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js'), 'build', '--logLevel', 'warn']);
});
