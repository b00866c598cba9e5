/** One thing looked at: a fact, and what to do if it is a problem. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** Empty when there is nothing to do. */
  readonly todo: string;
  /** Nothing is broken, but somebody should know. */
  readonly isNote?: boolean;
}

export function fine(name: string, detail: string): Finding {
  return { name, ok: true, detail, todo: '' };
}

export function problem(name: string, detail: string, todo: string): Finding {
  return { name, ok: false, detail, todo };
}
