// npm run package [-- step …] [-- --target=linux-x64,…]: everything a release page needs, into dist/release.
// Steps: tools, headless, desktop, release. Without a name: all of them, in this order.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PrepareError, ROOT, prepare, runScript, scratchFolder } from '../prepare.mjs';
import { ALL_TARGETS } from './targets.mjs';

/** Each is loaded when it runs: their tools are not there before the first step is done. */
const STEPS = {
  tools: () => import('./tools.mjs'),
  headless: () => import('./headless/step.mjs'),
  desktop: () => import('./desktop/step.mjs'),
  release: () => import('./release/step.mjs'),
};

await runScript(async () => {
  const words = process.argv.slice(2);
  const names = words.filter((word) => !word.startsWith('--'));
  const unknown = names.filter((name) => !(name in STEPS));
  if (unknown.length > 0) throw new PrepareError(`no step ${unknown.join(', ')}; there are ${Object.keys(STEPS).join(', ')}`);
  const targets = chosenTargets(words.find((word) => word.startsWith('--target='))?.slice('--target='.length));
  await prepare();
  const out = path.join(ROOT, 'dist', 'release');
  mkdirSync(out, { recursive: true });
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const context = { root: ROOT, out, cache: scratchFolder('package'), version, targets };
  for (const name of names.length > 0 ? ['tools', ...names.filter((one) => one !== 'tools')] : Object.keys(STEPS)) {
    const { run } = await STEPS[name]();
    await run(context);
  }
  return 0;
});

function chosenTargets(text) {
  if (text === undefined) return ALL_TARGETS;
  const names = text.split(',');
  const unknown = names.filter((name) => !ALL_TARGETS.some((target) => target.name === name));
  if (unknown.length > 0) throw new PrepareError(`no target ${unknown.join(', ')}; there are ${ALL_TARGETS.map(({ name }) => name).join(', ')}`);
  return ALL_TARGETS.filter(({ name }) => names.includes(name));
}
