// The two containers that hold one picture in several sizes: ICO for Windows, ICNS for macOS.
// A picture is `{ size, png, rgba }`: pixels square, `png` a whole PNG file, `rgba` size × size × 4 bytes, top row first.

/** Kinds of an ICNS that hold a PNG, by their size in pixels; a size may stand for two, plain and @2x of its half. */
const ICNS_PNG = { 32: ['ic11'], 64: ['ic12'], 128: ['ic07'], 256: ['ic13', 'ic08'], 512: ['ic14', 'ic09'], 1024: ['ic10'] };
/** The smallest two are read as planes of bytes only. */
const ICNS_PLANES = { 16: 'ic04', 32: 'ic05' };

/** Sizes up to 256. Below 256 as bitmaps, which every reader of icons on Windows takes; 256 as PNG, which saves 250 kB. */
export function toIco(pictures) {
  const entries = pictures.map((picture) => ({ ...picture, data: picture.size < 256 ? bitmap(picture) : picture.png }));
  const head = Buffer.alloc(6 + 16 * entries.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(entries.length, 4);
  let offset = head.length;
  for (const [index, { size, data }] of entries.entries()) {
    const at = 6 + 16 * index;
    head[at] = size % 256;
    head[at + 1] = size % 256;
    head.writeUInt16LE(1, at + 4); // planes
    head.writeUInt16LE(32, at + 6); // bits
    head.writeUInt32LE(data.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += data.length;
  }
  return Buffer.concat([head, ...entries.map(({ data }) => data)]);
}

/** Sizes 16 to 1024, powers of two. Others are left out. */
export function toIcns(pictures) {
  const blocks = [];
  for (const picture of pictures) {
    if (ICNS_PLANES[picture.size]) blocks.push(block(ICNS_PLANES[picture.size], planes(picture)));
    for (const kind of ICNS_PNG[picture.size] ?? []) blocks.push(block(kind, picture.png));
  }
  return block('icns', Buffer.concat(blocks));
}

function block(kind, data) {
  const head = Buffer.alloc(8);
  head.write(kind, 'latin1');
  head.writeUInt32BE(data.length + 8, 4);
  return Buffer.concat([head, data]);
}

/** A BITMAPINFOHEADER, the colours from the bottom row up, and a mask that hides nothing: the alpha channel counts. */
function bitmap({ size, rgba }) {
  const head = Buffer.alloc(40);
  head.writeUInt32LE(40, 0);
  head.writeInt32LE(size, 4);
  head.writeInt32LE(size * 2, 8); // colours and mask
  head.writeUInt16LE(1, 12);
  head.writeUInt16LE(32, 14);
  const colours = Buffer.alloc(size * size * 4);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const from = (row * size + column) * 4;
      const to = ((size - 1 - row) * size + column) * 4;
      colours[to] = rgba[from + 2];
      colours[to + 1] = rgba[from + 1];
      colours[to + 2] = rgba[from];
      colours[to + 3] = rgba[from + 3];
    }
  }
  return Buffer.concat([head, colours, Buffer.alloc(Math.ceil(size / 32) * 4 * size)]);
}

/** `ARGB`, then alpha, red, green and blue one after the other, each in runs: 0–127 = so many bytes and one more follow as they are. */
function planes({ size, rgba }) {
  const parts = [Buffer.from('ARGB', 'latin1')];
  for (const channel of [3, 0, 1, 2]) {
    const plane = Buffer.alloc(size * size, 0);
    for (let at = 0; at < plane.length; at++) plane[at] = rgba[at * 4 + channel];
    for (let at = 0; at < plane.length; at += 128) {
      const run = plane.subarray(at, at + 128);
      parts.push(Buffer.from([run.length - 1]), run);
    }
  }
  return Buffer.concat(parts);
}
