import { expect, test } from 'vitest';
import type { BookEntry } from '../../../src-core/decide/book-entry.ts';
import { emptyRecord, newEntry } from '../../../src-core/decide/book-entry.ts';
import { RetryChains } from '../../../src-core/decide/retry-chains.ts';

function attempt(number: number): BookEntry {
  const entry = newEntry(emptyRecord(`id${number}`, { jobNumber: 1, namespace: 'app', app: 'biz', job: 'report' }));
  Object.assign(entry.record, { attempt: number, rootId: number === 1 ? '' : 'id1', retryPending: true });
  return entry;
}

function chainsOf(...entries: readonly BookEntry[]): RetryChains {
  const chains = new RetryChains((id) => entries.find((entry) => entry.record.id === id));
  for (const entry of entries) chains.add(entry);
  return chains;
}

test('an attempt answers for the one before it, the first one or a retry, and only once', () => {
  const [first, second, third] = [attempt(1), attempt(2), attempt(3)];
  const chains = chainsOf(first);
  expect(chains.follow(second)).toBe(first);
  expect(chains.follow(third)).toBe(second);
  expect([first, second].map(({ record }) => [record.retryId, record.retryPending])).toEqual([['id2', false], ['id3', false]]);
  expect(third.record.retryPending).toBe(true);
  expect(chains.follow(third)).toBeUndefined();
});

test('an attempt has come once one of its number follows, or a later one has been seen', () => {
  const chains = chainsOf(attempt(1));
  expect(chains.isFollowed('id1', 2, false)).toBe(false);
  chains.follow(attempt(2));
  expect([2, 3].map((number) => chains.isFollowed('id1', number, false))).toEqual([true, false]);
});

test('of a first attempt that has left the book only what is kept of it tells', () => {
  const chains = chainsOf();
  expect(chains.isFollowed('id1', 2, false)).toBe(false);
  expect(chains.isFollowed('id1', 2, true)).toBe(true);
  const third = attempt(3);
  chains.follow(third);
  expect(chains.isFollowed('id1', 2, false)).toBe(true);
  chains.remove(third);
  expect(chains.isFollowed('id1', 2, false)).toBe(false);
});
