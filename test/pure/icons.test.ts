import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ICONS, fingerprintOfIcons } from '../../build/package/icons/fingerprint.mjs';

const icon = (name: string) => readFileSync(path.join(ICONS, name));
/** The signature and the size in a PNG's header; throws for anything else. */
function sizeOfPng(png: Buffer): number {
  expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  expect(png.readUInt32BE(16)).toBe(png.readUInt32BE(20));
  return png.readUInt32BE(16);
}

test('the icons are those that npm run icons would draw now', () => {
  expect(icon('drawn-from').toString().trim()).toBe(fingerprintOfIcons());
});

test.each(['icon.ico', 'tray/idle.ico', 'tray/running.ico', 'tray/paused.ico', 'tray/problem.ico'])('%s holds whole pictures, one after the other to its end', (name) => {
  const ico = icon(name);
  expect([ico.readUInt16LE(0), ico.readUInt16LE(2)]).toEqual([0, 1]);
  const sizes: number[] = [];
  let end = 6 + 16 * ico.readUInt16LE(4);
  for (let at = 6; at < 6 + 16 * ico.readUInt16LE(4); at += 16) {
    const size = ico[at] === 0 ? 256 : ico[at]!;
    expect(ico.readUInt32LE(at + 12)).toBe(end);
    const data = ico.subarray(end, end + ico.readUInt32LE(at + 8));
    if (size === 256) expect(sizeOfPng(data)).toBe(256);
    else expect([data.readUInt32LE(0), data.readInt32LE(4), data.readInt32LE(8), data.length]).toEqual([40, size, size * 2, 40 + size * size * 4 + Math.ceil(size / 32) * 4 * size]);
    end += data.length;
    sizes.push(size);
  }
  expect(end).toBe(ico.length);
  expect(sizes).toEqual(name === 'icon.ico' ? [16, 24, 32, 48, 64, 256] : [16, 20, 24, 32, 48]);
});

test('icon.icns holds every size that macOS asks for, plain and @2x', () => {
  const icns = icon('icon.icns');
  expect(icns.readUInt32BE(4)).toBe(icns.length);
  const found: Record<string, number> = {};
  for (let at = 8; at < icns.length; at += icns.readUInt32BE(at + 4)) {
    const kind = icns.toString('latin1', at, at + 4);
    const data = icns.subarray(at + 8, at + icns.readUInt32BE(at + 4));
    found[kind] = kind === 'ic04' || kind === 'ic05' ? sizeOfPlanes(data) : sizeOfPng(data);
  }
  expect(found).toEqual({ ic04: 16, ic05: 32, ic11: 32, ic12: 64, ic07: 128, ic13: 256, ic08: 256, ic14: 512, ic09: 512, ic10: 1024 });
});

test.each(['idle', 'running', 'paused', 'problem'])('the tray has %s plain, @2x and as a template', (state) => {
  expect(['', '@2x', 'Template', 'Template@2x'].map((kind) => sizeOfPng(icon(`tray/${state}${kind}.png`)))).toEqual([24, 48, 16, 32]);
});

test('Linux has its usual sizes', () => {
  for (const size of [16, 24, 32, 48, 64, 128, 256, 512]) expect(sizeOfPng(icon(`linux/${size}x${size}.png`))).toBe(size);
});

/** Four planes of runs: a byte below 128 is followed by one more bytes than it says, another repeats the next one 125 times less. */
function sizeOfPlanes(data: Buffer): number {
  expect(data.toString('latin1', 0, 4)).toBe('ARGB');
  let values = 0;
  for (let at = 4; at < data.length;) {
    const run = data[at]!;
    values += run < 128 ? run + 1 : run - 125;
    at += run < 128 ? run + 2 : 2;
  }
  return Math.sqrt(values / 4);
}
