import { describe, expect, it } from 'vitest';
import { placeBeside } from '../../../src-renderer/ui/place.ts';

const VIEW = { width: 400, height: 300 };
const SIZE = { width: 100, height: 50 };
const box = (left: number, top: number) => ({ left, top, right: left + 40, bottom: top + 20 });

describe('what opens beside something', () => {
  it.each([
    ['bottom', 'start', { left: 150, top: 124 }], ['bottom', 'end', { left: 90, top: 124 }], ['bottom', 'center', { left: 120, top: 124 }],
    ['top', 'start', { left: 150, top: 46 }], ['right', 'center', { left: 194, top: 85 }], ['left', 'center', { left: 46, top: 85 }],
  ] as const)('stands %s, %s', (side, align, expected) => {
    expect(placeBeside(box(150, 100), SIZE, VIEW, { side, align, gap: 4 })).toEqual(expected);
  });

  it.each([
    ['bottom', box(150, 260), { left: 150, top: 206 }], ['top', box(150, 10), { left: 150, top: 34 }],
    ['right', box(350, 100), { left: 246, top: 100 }], ['left', box(20, 100), { left: 64, top: 100 }],
  ] as const)('goes to the other side when there is no room %s', (side, anchor, expected) => {
    expect(placeBeside(anchor, SIZE, VIEW, { side, align: 'start', gap: 4 })).toEqual(expected);
  });

  it('never leaves the window, and shows its beginning when it is larger', () => {
    expect(placeBeside(box(380, 100), SIZE, VIEW, { side: 'bottom', align: 'start', gap: 4 })).toEqual({ left: 292, top: 124 });
    expect(placeBeside(box(150, 100), { width: 900, height: 900 }, VIEW, { side: 'bottom', align: 'center', gap: 4 })).toEqual({ left: 8, top: 8 });
  });
});
