/** Where things of the day are drawn. Names stand beside the lanes, or above them where there is little room. */
const NAMES_PX = 190;
const NARROW_PX = 620;
/** Fingers and eyes: less is not told apart. */
const MARK_PX = 3;

export interface Geometry {
  readonly isNarrow: boolean;
  /** Of the lane. */
  readonly width: number;
}

export function geometryOf(width: number): Geometry {
  const isNarrow = width < NARROW_PX;
  // The padding of the card is inside of what was measured.
  const inner = Math.max(0, width - 32);
  return { isNarrow, width: isNarrow ? inner : Math.max(0, inner - NAMES_PX) };
}

/** Of a lane with its names, in pixels. */
export function laneHeight(width: number): number {
  return geometryOf(width).isNarrow ? 70 : 42;
}

export function xOf(ms: number, from: number, to: number, width: number): number {
  return Math.round(((ms - from) / (to - from)) * width * 10) / 10;
}

/** One path for many marks: elements are dear, commands are not. Marks that would lie on each other are drawn once. */
export function marksPath(moments: readonly number[], from: number, to: number, width: number, top: number, height: number): string {
  const seen = new Set<number>();
  for (const ms of moments) if (ms >= from && ms < to) seen.add(Math.round(xOf(ms, from, to, width)));
  return [...seen].map((x) => `M${Math.min(x, width - MARK_PX)} ${top}h${MARK_PX}v${height}h-${MARK_PX}z`).join('');
}
