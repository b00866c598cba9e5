// node build/with-setup.mjs <script> [arguments]: sets the clone up, then runs the script on the project's Node,
// which reads TypeScript as it is. Used for the demo and the bench.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { NODE, PrepareError, ROOT, prepare, runForeground, runScript } from './prepare.mjs';

await runScript(async () => {
  const [script, ...args] = process.argv.slice(2);
  if (!script) throw new PrepareError('usage: node build/with-setup.mjs <script> [arguments]');
  await prepare();
  if (!existsSync(path.join(ROOT, script))) throw new PrepareError(`${script} does not exist`);
  return runForeground(NODE, ['--enable-source-maps', '--disable-warning=ExperimentalWarning', path.join(ROOT, script), ...args]);
});
