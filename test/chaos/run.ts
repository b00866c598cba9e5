// npm run chaos: see options.ts
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findNatsServer } from '../../build/nats-server/find.mjs';
import { Family } from './child.ts';
import { readOptions, USAGE } from './options.ts';
import type { ChaosOptions } from './options.ts';
import { play } from './play.ts';
import { isFine, jsonOf, keepEvidence, tell } from './report.ts';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

let options: ChaosOptions | 'help';
try {
  options = readOptions(process.argv.slice(2), Date.now());
} catch (error) {
  say(`chaos: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(2);
}
if (options === 'help') {
  process.stdout.write(USAGE);
  process.exit(0);
}

const folder = mkdtempSync(path.join(tmpdir(), 'natsjob-chaos-'));
const family = new Family();
let isKept = true;
const stop = async (): Promise<void> => {
  await family.close();
  if (isKept) say(`chaos: what is needed to find the cause lies in ${folder}`);
  else rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
};
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
  process.once(signal, () => {
    isKept = false;
    void stop().then(() => process.exit(code));
  });
}

try {
  const { path: binary } = await findNatsServer({ install: false });
  say(`chaos: seed ${options.seed}, ${options.minutes} minutes, ${options.nodes} nodes, ${options.cluster ? 'three NATS servers' : 'one NATS server'}; in ${folder}`);
  const outcome = await play(options, { folder, binary, family, program: path.join(import.meta.dirname, '..', '..', 'dist', 'headless.mjs'), say });
  const isWhole = isFine(outcome);
  isKept = options.keep || !isWhole;
  if (isKept) keepEvidence(folder, outcome);
  say(tell(outcome));
  if (options.json) process.stdout.write(`${jsonOf(options, outcome)}\n`);
  process.exitCode = isWhole ? 0 : 1;
} catch (error) {
  say(`chaos: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  writeFileSync(path.join(folder, 'error.txt'), String(error instanceof Error ? error.stack : error));
  process.exitCode = 1;
}
await stop();
process.exit();
