/** A complete worker in one language. `install` and `run` are shell lines for a folder that holds only `file`. */
export interface Snippet {
  readonly id: string;
  readonly label: string;
  readonly file: string;
  readonly install: string;
  readonly run: string;
  /** The program with {{url}} {{namespace}} {{app}} {{job}} {{subject}} {{workerId}} in it: see fillSnippet. */
  readonly text: string;
}
