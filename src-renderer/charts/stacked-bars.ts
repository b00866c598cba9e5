export interface StackedSeries {
  readonly label: string;
  /** Class that fills: `fill-ok`. */
  readonly fill: string;
  readonly href?: string;
  readonly total?: string;
}

export interface StackedBar {
  readonly key: string;
  /** All it says, in words. */
  readonly label: string;
  /** Short text below it. */
  readonly tick: string;
  readonly href: string;
  /** One number for each of the series. */
  readonly parts: readonly number[];
}
