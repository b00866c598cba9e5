import { expect, test } from 'vitest';
import { UnavailableError } from '../../../src-core/domain/index.ts';
import { viewSize } from '../../../src-core/engine/view-size.ts';
import type { StoreSize } from '../../../src-core/ports/index.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

test('the size of a view that is away is the one it had, and nobody waits for one that hangs', async () => {
  const clock = new VirtualClock();
  let answer: () => Promise<StoreSize> = () => Promise.reject(new UnavailableError('away'));
  const size = viewSize({ size: () => answer() }, clock);
  expect(await size()).toEqual({ databaseBytes: 0, walBytes: 0 });
  answer = async () => ({ databaseBytes: 7, walBytes: 1 });
  expect(await size()).toEqual({ databaseBytes: 7, walBytes: 1 });
  let release = (_size: StoreSize): void => {};
  answer = () => new Promise((resolve) => (release = resolve));
  const asked = [size(), size()];
  await clock.advance(500);
  expect(await Promise.all(asked)).toEqual([{ databaseBytes: 7, walBytes: 1 }, { databaseBytes: 7, walBytes: 1 }]);
  release({ databaseBytes: 9, walBytes: 0 });
  expect(await size()).toEqual({ databaseBytes: 9, walBytes: 0 });
  answer = () => Promise.reject(new UnavailableError('away'));
  expect(await size()).toEqual({ databaseBytes: 9, walBytes: 0 });
});
