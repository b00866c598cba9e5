import { expect, test } from 'vitest';
import { BREACHES } from './breaches.ts';
import { play } from './play.ts';

/** So many stories are enough to tell of it. */
const STORIES = 40;

test.each(BREACHES)('the stories see $name', async ({ sees, options }) => {
  let told = '';
  for (let seed = 1; seed <= STORIES && !sees.test(told); seed++) await play(seed, options).catch((error: Error) => (told = error.message));
  expect(told).toMatch(sees);
}, 600_000);
