export interface TimeSeries {
  readonly label: string;
  /** Milliseconds; null = nothing there. */
  readonly values: readonly (number | null)[];
  /** Of the theme: `busy`. */
  readonly colour: 'busy' | 'warn' | 'soft';
  /** The same as a class, for the legend. */
  readonly stroke: string;
  readonly dashed?: boolean;
}
