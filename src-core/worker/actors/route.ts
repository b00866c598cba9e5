const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The actor of a key, from 0: the same one for the same key and number of actors, on every machine and in every version, so
 * that processes may share keys out by it. Keys that differ little are spread as evenly as others.
 */
export function actorOf(key: string, actors: number): number {
  return keyHash(key) % actors;
}

/** FNV-1a over UTF-16 code units, then murmur3's finalizer: alone FNV's low bits follow the last characters. A whole number below 2^32. */
export function keyHash(key: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
