// Makes what packing takes longest over the first time on a machine and then finds in the per-user cache: the Go programs of
// all targets, and the signer. Needs nothing installed, so that it can go on beside something else: node build/package/parts.mjs
import { ROOT, runScript } from '../prepare.mjs';
import { natsServerFor, windowsHelperFor } from './headless/go-parts.mjs';
import { findSigner } from './headless/rcodesign.mjs';
import { ALL_TARGETS } from './targets.mjs';

await runScript(async () => {
  findSigner();
  for (const target of ALL_TARGETS) {
    natsServerFor(target);
    windowsHelperFor(target, ROOT);
  }
  return 0;
});
