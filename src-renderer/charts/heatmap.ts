export interface HeatDay {
  readonly key: string;
  /** 0 = Monday. */
  readonly weekday: number;
  readonly total: number;
  readonly bad: number;
  /** All it says, in words. */
  readonly label: string;
  readonly href: string;
}

/** Four steps from one to the most; 0 = nothing. */
export function levelOf(total: number, most: number): 0 | 1 | 2 | 3 | 4 {
  if (total === 0) return 0;
  return Math.min(4, Math.max(1, Math.ceil((total / most) * 4))) as 1 | 2 | 3 | 4;
}
