import { test } from 'vitest';
import { play } from './story.ts';

const SEEDS = Number(process.env['SIM_SEEDS'] ?? 70);
const FIRST_SEED = Number(process.env['SIM_FIRST'] ?? 1);

test(`two nodes through crashes, pauses and cut connections: ${SEEDS} stories from seed ${FIRST_SEED}`, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) await play(seed, 2);
}, 300_000);
