// What the icons in git were made of, so that a test can say when they have to be drawn again.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** The panel's icon: the one picture that all others are drawn after. */
export const SOURCE = path.join(HERE, '..', '..', '..', 'src-renderer', 'public', 'icon.svg');
/** Where the drawn icons lie, with this fingerprint in `drawn-from`. */
export const ICONS = path.join(HERE, '..', 'desktop', 'icons');

/** One SHA-256 over the source and over what draws it. */
export function fingerprintOfIcons() {
  const hash = createHash('sha256');
  for (const file of [SOURCE, ...['shapes.mjs', 'containers.mjs', 'index.mjs'].map((name) => path.join(HERE, name))]) hash.update(readFileSync(file));
  return hash.digest('hex');
}
