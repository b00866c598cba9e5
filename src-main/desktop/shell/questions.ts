import type { Texts } from '../model/texts.ts';
import type { ElectronParts } from './electron-parts.ts';

type Dialog = ElectronParts['dialog'];

/** Dialogs of the shell that belong to no window. Each gives what the person chose. */
export function questions(dialog: Dialog, texts: Texts) {
  const ask = async (type: 'info' | 'question' | 'warning', message: string, detail: string, buttons: string[], cancelId: number): Promise<number> =>
    (await dialog.showMessageBox({ type, title: 'natsjob', message, detail, buttons, defaultId: 0, cancelId, noLink: true })).response;
  return {
    /** What closing the window does; true: it shall go on. */
    explainClose: async () => (await ask('info', texts.closeTitle, texts.closeBody, [texts.keepRunning, texts.quit], 0)) === 0,
    openAtLogin: async () => (await ask('question', texts.loginTitle, texts.loginBody, [texts.yes, texts.no], 1)) === 0,
    /** Another natsjob has the data folder. Without its address it cannot be connected to. */
    async connectElsewhere(pid: number | undefined, url: string | undefined): Promise<boolean> {
      const detail = texts.lockedBody(pid === undefined ? texts.otherProgram : texts.otherProcess(pid));
      const buttons = url === undefined ? [texts.quit] : [texts.connect, texts.quit];
      const answer = await ask('warning', texts.lockedTitle, detail, buttons, buttons.length - 1);
      return url !== undefined && answer === 0;
    },
    /** Something the scheduler could not do, with its own words. */
    tell: (what: string, detail = '') => void ask('warning', what, detail, [texts.ok], 0),
    cannotStart: (why: string) => dialog.showErrorBox(texts.cannotStartTitle, why),
  };
}
