import { fileURLToPath } from 'node:url';
import { runNode } from '../../prepare.mjs';

/**
 * From the binaries in dist/release: an archive for each, the licences and the bill of materials of what is inside,
 * latest.json and the sums of all files there. Needs Go, which knows what the Go programs hold.
 */
export async function run(context) {
  await runNode([fileURLToPath(new URL('./make.mjs', import.meta.url)), JSON.stringify(context)]);
}
