import { expect, test } from 'vitest';
import { getDecoder, getEncoder } from '../../build/stand-ins/iconv-lite.mjs';

test('the stand-in for iconv-lite reads what a server of another character set says, in parts', () => {
  const { write, end } = getDecoder('gbk');
  expect(write(Buffer.from([0xd6])) + write(Buffer.from([0xd0, 0xce, 0xc4])) + end()).toBe('中文');
  expect(getDecoder('koi8-r').write(Buffer.from([0xf2, 0xd5, 0xd3]))).toBe('Рус');
});

test('and takes what nobody knows for UTF-8', () => {
  expect(getDecoder('no-such-set').write(Buffer.from('ü'))).toBe('ü');
  expect(getEncoder().write('ü')).toEqual(Buffer.from('ü'));
});
