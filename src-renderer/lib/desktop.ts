/** What the desktop console's shell offers to its window. */
interface Desktop {
  /** For `POST login/one-time`. */
  oneTimeToken(): Promise<string>;
}

/** Undefined in a browser. */
export const desktop = (window as { readonly natsjobDesktop?: Desktop }).natsjobDesktop;
