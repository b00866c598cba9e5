/** Chance that can be had again: the seed is NATSJOB_TEST_SEED if set, else another one each time. Print it. */
export function testSeed(): number {
  const given = Number(process.env['NATSJOB_TEST_SEED'] ?? '');
  return given > 0 ? given : Date.now() % 2 ** 31;
}

/** mulberry32: numbers from 0 inclusive to 1 exclusive. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
