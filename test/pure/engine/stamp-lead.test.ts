import { expect, test } from 'vitest';
import { StampLead } from '../../../src-core/engine/stamp-lead.ts';

const NOW = 1_800_000_000_000;

/** Messages as [moment, age by this node's clock], and how old each is taken for. */
test.each([
  ['a message that comes at once is new', [[0, 0], [5000, 3]], [0, 3]],
  ['a clock that is ahead does not make messages old', [[0, 200_000], [5000, 200_003], [10_000, 200_001]], [0, 3, 1]],
  ['a clock that is behind does not make them younger than now', [[0, -200_000], [5000, -200_000]], [0, 0]],
  ['a message that was held up is as old as it is', [[0, 0], [5000, 0], [65_000, 60_000], [65_001, 55_000]], [0, 0, 60_000, 55_000]],
  ['a clock that is set forward is known after two windows', [[0, 0], [5000, 0], [10_000, 200_000], [15_000, 200_000], [20_000, 200_000]], [0, 0, 200_000, 200_000, 0]],
  ['a clock that is set back again at once', [[0, 200_000], [5000, 0], [10_000, 200_000]], [0, 0, 200_000]],
])('%s', (_, messages, ages) => {
  const lead = new StampLead();
  expect(messages.map(([at, age]) => NOW + at! - lead.place(NOW + at! - age!, NOW + at!, at!))).toEqual(ages);
});
