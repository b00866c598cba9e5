import { expect, test } from 'vitest';
import { argsMatcher } from '../../../src-core/domain/index.ts';

const ARGS = JSON.stringify({ order: { id: 17, name: 'Größe: L', paid: true, note: null, lines: [{ sku: 'a' }, { sku: 'b' }] }, 'x y': 1 });

test.each([
  ['größe', true], ['ORDER', true], ['order.id:17', true], ['order.id:1', false], ['order.name:Größe: L', true], ['order.name:größe: l', false],
  ['order.paid:true', true], ['order.note:null', true], ['order.lines.1.sku:b', true], ['order.lines.0.sku:b', false], ['order.lines.length:2', false],
  ['x y:1', true], ['order:17', false], ['order.lines:', false], ['id:17', false], ['toString.name:toString', false], ['"id":17', true], [':17', true], [':18', false],
])('%j in JSON: %s', (text, expected) => {
  expect(argsMatcher(text)(ARGS)).toBe(expected);
});

test('args that are no JSON have their text only', () => {
  expect(argsMatcher('a:1')('say A:1 twice')).toBe(true);
  expect(argsMatcher('a:1')('{"a":1')).toBe(false);
  expect(argsMatcher('a:1')('')).toBe(false);
  expect(argsMatcher('0:7')('[7]')).toBe(true);
});
