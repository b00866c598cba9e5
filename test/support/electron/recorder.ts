/** One call of Electron's API, by name as in its documentation: `app.setPath`, `window.loadURL`. */
export interface Call {
  readonly what: string;
  readonly args: readonly unknown[];
}

/** What was called, in order. */
export class Recorder {
  readonly calls: Call[] = [];

  record(what: string, ...args: readonly unknown[]): void {
    this.calls.push({ what, args });
  }

  /** Arguments of each call of that name. */
  of(what: string): readonly (readonly unknown[])[] {
    return this.calls.filter((call) => call.what === what).map(({ args }) => args);
  }

  /** Arguments of the last one; throws when there was none. */
  last(what: string): readonly unknown[] {
    const found = this.of(what).at(-1);
    if (!found) throw new Error(`${what} was never called; there were ${[...new Set(this.calls.map((call) => call.what))].join(', ')}`);
    return found;
  }

  /** Whether the first call of `earlier` came before the first of `later`. */
  isBefore(earlier: string, later: string): boolean {
    const names = this.calls.map((call) => call.what);
    return names.includes(earlier) && names.includes(later) && names.indexOf(earlier) < names.indexOf(later);
  }
}

/** Never, when all of our names are Electron's: a stand-in with a method that Electron does not have would prove nothing. */
export type Unknown<Ours, Theirs, Own extends PropertyKey = never> = Exclude<keyof Ours, keyof Theirs | Own>;
