import type { IpcMain, IpcMainInvokeEvent } from 'electron';
import { CHANNELS, type CallName } from '../model/bridge.ts';
import { isOfPanel } from '../model/window-rules.ts';

/** A call that did not come from the panel's own page. */
export class ForeignSenderError extends Error {
  override readonly name = 'ForeignSenderError';
  constructor() {
    super('Only the panel may call this.');
  }
}

/** Answers the calls of the panel, each only after a look at who calls: its top frame, on its own origin. */
export function answerCalls(ipcMain: Pick<IpcMain, 'handle'>, origin: () => string | undefined, calls: { readonly [Name in CallName]: () => unknown }): void {
  for (const name of Object.keys(calls) as CallName[]) {
    ipcMain.handle(CHANNELS[name], async (event: IpcMainInvokeEvent) => {
      const frame = event.senderFrame;
      if (frame === null || frame.parent !== null || !isOfPanel(frame.url, origin())) throw new ForeignSenderError();
      return calls[name]();
    });
  }
}
