import type { Places } from '../model/places.ts';
import type { SettingsFile } from './desktop-files.ts';
import type { ElectronParts } from './electron-parts.ts';
import type { questions } from './questions.ts';

export interface ClosingParts {
  readonly app: Pick<ElectronParts['app'], 'isPackaged' | 'quit'>;
  readonly places: Places;
  readonly settings: SettingsFile;
  readonly ask: ReturnType<typeof questions>;
  readonly openAtLogin: () => void;
  /** Whether another natsjob is shown: then nothing of ours would go on. */
  readonly isElsewhere: () => boolean;
}

/** What becomes of the window when a person closes it. The first time it is explained, and asked about the start at login, as this is when it matters. */
export function closing({ app, places, settings, ask, openAtLogin, isElsewhere }: ClosingParts): () => 'hide' | 'close' {
  async function explain(): Promise<void> {
    settings.change({ closeExplained: true });
    if (!(await ask.explainClose())) return app.quit();
    if (settings.settings.openAtLoginAsked || places.isPortable || !app.isPackaged) return;
    settings.change({ openAtLoginAsked: true });
    if (await ask.openAtLogin()) openAtLogin();
  }
  return () => {
    if (!settings.settings.closeToTray || isElsewhere()) return 'close';
    if (!settings.settings.closeExplained) void explain();
    return 'hide';
  };
}
