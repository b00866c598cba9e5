export type Side = 'top' | 'bottom' | 'left' | 'right';

/** On which side of its anchor something is shown, along which edge, and how far from it. */
export interface Beside {
  readonly side: Side;
  readonly align: 'start' | 'center' | 'end';
  readonly gap: number;
}

interface Size { readonly width: number; readonly height: number }
interface Box { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number }

const MARGIN = 8;
const OPPOSITE = { top: 'bottom', bottom: 'top', left: 'right', right: 'left' } as const;

/** Where in the window it goes: on the other side where this one has too little room, and never over an edge of the window. */
export function placeBeside(anchor: Box, size: Size, view: Size, { side, align, gap }: Beside): { left: number; top: number } {
  const isAcross = side === 'left' || side === 'right';
  const room = { top: anchor.top, bottom: view.height - anchor.bottom, left: anchor.left, right: view.width - anchor.right };
  const wanted = (isAcross ? size.width : size.height) + gap + MARGIN;
  const chosen = room[side] < wanted && room[OPPOSITE[side]] > room[side] ? OPPOSITE[side] : side;
  const along = (start: number, end: number, length: number): number => (align === 'start' ? start : align === 'end' ? end - length : (start + end - length) / 2);
  const off = { top: anchor.top - gap - size.height, bottom: anchor.bottom + gap, left: anchor.left - gap - size.width, right: anchor.right + gap }[chosen];
  return {
    left: inside(isAcross ? off : along(anchor.left, anchor.right, size.width), size.width, view.width),
    top: inside(isAcross ? along(anchor.top, anchor.bottom, size.height) : off, size.height, view.height),
  };
}

function inside(at: number, length: number, total: number): number {
  return Math.max(MARGIN, Math.min(at, total - length - MARGIN));
}
