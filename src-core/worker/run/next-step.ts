/** What `next()` gives; a handler returns it. */
export class NextStep {
  /** JSON as text, '' for none. */
  readonly payload: string;
  constructor(payload: unknown) {
    this.payload = payload === undefined ? '' : (JSON.stringify(payload) as string | undefined) ?? '';
  }
}
