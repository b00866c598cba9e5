// npm run check [-- types pure-types panel-types panel-test-types lint layers panel-size]: the guards that need no running program. All of them by default.
import path from 'node:path';
import { NODE, PrepareError, ROOT, prepare, runForeground, runScript, say } from './prepare.mjs';

/** Name → the script and its arguments. CI runs and counts them one by one. */
export const GUARDS = {
  types: ['node_modules/typescript/bin/tsc', '--noEmit'],
  'pure-types': ['node_modules/typescript/bin/tsc', '-p', 'build/rules/tsconfig.pure.json'],
  'panel-types': ['node_modules/svelte-check/bin/svelte-check', '--tsconfig', 'src-renderer/tsconfig.json', '--fail-on-warnings', '--output', 'human'],
  'panel-test-types': ['node_modules/typescript/bin/tsc', '-p', 'test/panel/tsconfig.json'],
  lint: ['node_modules/oxlint/bin/oxlint', '--deny-warnings'],
  layers: ['build/rules/check-layers.mjs'],
  'panel-size': ['build/panel-size.mjs'],
};

await runScript(async () => {
  const wanted = process.argv.slice(2).length > 0 ? process.argv.slice(2) : Object.keys(GUARDS);
  const unknown = wanted.find((name) => !GUARDS[name]);
  if (unknown) throw new PrepareError(`no check is called ${unknown}; there are ${Object.keys(GUARDS).join(', ')}`);
  await prepare({ natsServer: false, build: wanted.includes('panel-size') });
  const failed = [];
  for (const name of wanted) {
    const started = Date.now();
    const [script, ...args] = GUARDS[name];
    const code = await runForeground(NODE, [path.join(ROOT, script), ...args]);
    say(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    if (code !== 0) failed.push(name);
  }
  if (failed.length > 0) throw new PrepareError(`check failed: ${failed.join(', ')}`);
  return 0;
});
