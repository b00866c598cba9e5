import { test } from 'vitest';
import { play } from './play.ts';
import { PARTS, seedsOf, SPAN } from './seeds.ts';

test(`nodes, databases, lines, clocks and people go wrong, and every promise is kept: part 4 of ${PARTS}, ${SPAN}`, async () => {
  for (const seed of seedsOf(3)) await play(seed);
}, 3_600_000);
