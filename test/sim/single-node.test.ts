import { test } from 'vitest';
import { play } from './story.ts';

const SEEDS = Number(process.env['SIM_SEEDS'] ?? 150);
const FIRST_SEED = Number(process.env['SIM_FIRST'] ?? 1);

test(`one node through crashes, pauses and cut connections: ${SEEDS} stories from seed ${FIRST_SEED}`, async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) await play(seed, 1);
}, 300_000);
