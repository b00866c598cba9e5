/** The scheduler gets this long to end in order. It survives being killed; the next start takes everything up from the log. */
export const LONGEST_QUIT_MS = 8_000;

/**
 * One flag for every way to quit: menu, tray, Dock, shortcut, end of the session, update.
 * `ask` gives true for the first one, who has to end everything; the rest wait for it.
 */
export interface QuitOrder {
  readonly isQuitting: boolean;
  /** Everything has ended: the program may go. */
  readonly isDone: boolean;
  ask(): boolean;
  done(): void;
}

export function quitOrder(): QuitOrder {
  let phase: 'running' | 'quitting' | 'done' = 'running';
  return {
    get isQuitting() {
      return phase !== 'running';
    },
    get isDone() {
      return phase === 'done';
    },
    ask() {
      if (phase !== 'running') return false;
      phase = 'quitting';
      return true;
    },
    done() {
      phase = 'done';
    },
  };
}
