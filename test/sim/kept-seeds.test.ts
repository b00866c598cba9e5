import { test } from 'vitest';
import { play } from './play.ts';
import { KEPT } from './seeds.ts';

test.each(KEPT)('seed $seed, which found that $found', ({ seed, options }) => play(seed, { asks: false, queues: false, ...options }));
