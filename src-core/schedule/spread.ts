/**
 * How many ms after its fire a job starts, from 0 to `jitterMs`: always the same for the same key, so
 * that jobs of one expression do not all start in one moment and each still keeps its distance.
 */
export function spreadOffset(jobKey: string, jitterMs: number): number {
  if (!(jitterMs > 0)) return 0;
  return Math.floor((hash(jobKey) / 2 ** 32) * (Math.floor(jitterMs) + 1));
}

/** FNV-1a over UTF-16 units, then murmur3's finaliser: keys that differ in a digit land far apart. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  }
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
