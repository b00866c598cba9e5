export type BarTone = 'wait' | 'busy' | 'ok' | 'bad' | 'warn' | 'idle';

export interface TimelineBar {
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  readonly tone: BarTone;
}

export interface TimelineRow {
  readonly key: string;
  readonly label: string;
  /** Said beside the label: which worker, which answer. */
  readonly detail?: string;
  readonly href?: string;
  /** Below a row of level 0. */
  readonly level: 0 | 1;
  readonly bars: readonly TimelineBar[];
  /** How long, in words. */
  readonly text: string;
  /** A moment worth a mark. */
  readonly mark?: { readonly at: number; readonly label: string };
}

export interface Scale {
  readonly from: number;
  readonly to: number;
}

/**
 * From the first to the last moment of the rows of level 0. Rows below come from the clocks of other machines:
 * they may widen it by its own length, not more.
 */
export function scaleOf(rows: readonly TimelineRow[]): Scale {
  const main = rows.filter(({ level }) => level === 0).flatMap(({ bars }) => bars);
  if (main.length === 0) return { from: 0, to: 1 };
  const from = Math.min(...main.map((bar) => bar.from));
  const to = Math.max(...main.map((bar) => bar.to), from + 1);
  const length = to - from;
  const below = rows.filter(({ level }) => level === 1).flatMap(({ bars }) => bars);
  return {
    from: Math.max(from - length, Math.min(from, ...below.map((bar) => bar.from))),
    to: Math.min(to + length, Math.max(to, ...below.map((bar) => bar.to))),
  };
}

/** Where in the scale, 0 to 100. */
export function percentOf(at: number, { from, to }: Scale): number {
  return Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100));
}

/** Round distances, in ms. */
export const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 43_200_000, 86_400_000];

/** Round distances from the start, at most six. */
export function ticksOf({ from, to }: Scale): readonly number[] {
  const step = STEPS.find((one) => (to - from) / one <= 5) ?? (to - from) / 4;
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => index * step);
}
