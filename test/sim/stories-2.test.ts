import { test } from 'vitest';
import { play } from './play.ts';
import { PARTS, seedsOf, SPAN } from './seeds.ts';

test(`nodes, databases, lines, clocks and people go wrong, and every promise is kept: part 2 of ${PARTS}, ${SPAN}`, async () => {
  for (const seed of seedsOf(1)) await play(seed);
}, 3_600_000);
