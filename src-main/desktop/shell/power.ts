import type { ElectronParts } from './electron-parts.ts';

export interface PowerOptions {
  readonly electron: Pick<ElectronParts, 'powerMonitor' | 'powerSaveBlocker'>;
  readonly onEvent: (event: 'suspend' | 'resume') => void;
  /** Linux and macOS: the computer goes down. */
  readonly onShutdown: () => void;
}

/** The power monitor's events, and the wish to stay awake. A closed lid is stronger than that. */
export function power({ electron, onEvent, onShutdown }: PowerOptions): { keepAwake(wanted: boolean): void } {
  const { powerMonitor, powerSaveBlocker } = electron;
  let blocker: number | undefined;
  powerMonitor.on('suspend', () => onEvent('suspend'));
  powerMonitor.on('resume', () => onEvent('resume'));
  // The declarations leave the event out; holding it up gives the scheduler the time to end.
  (powerMonitor as NodeJS.EventEmitter).on('shutdown', (event: { preventDefault(): void }) => {
    event.preventDefault();
    onShutdown();
  });
  return {
    keepAwake(wanted) {
      if (wanted && blocker === undefined) blocker = powerSaveBlocker.start('prevent-app-suspension');
      if (!wanted && blocker !== undefined) {
        powerSaveBlocker.stop(blocker);
        blocker = undefined;
      }
    },
  };
}
