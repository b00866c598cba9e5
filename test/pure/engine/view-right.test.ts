import { expect, test } from 'vitest';
import { ViewRight } from '../../../src-core/engine/view-right.ts';

test('a view of its own is always a node\'s to write, and nobody is told of it', () => {
  let told = 0;
  const right = new ViewRight(false, () => told++);
  expect(right.mayWrite).toBe(true);
  right.give(3);
  right.take();
  expect([right.mayWrite, right.mayWriteShared, right.term, told]).toEqual([true, false, 3, 0]);
});

test('a shared view is a node\'s to write while it leads', () => {
  const told: boolean[] = [];
  const right: ViewRight = new ViewRight(true, () => told.push(right.mayWrite));
  expect(right.mayWrite).toBe(false);
  right.give(3);
  right.take();
  expect(told).toEqual([true, false]);
  expect(right.term).toBe(3);
});

test('a term that is heard of raises the own one and never lowers it', () => {
  const right = new ViewRight(true, () => {});
  right.raise(7);
  right.raise(5);
  expect(right.term).toBe(7);
});
