import type { Notification } from 'electron';
import { noticeBoard, type Happening, type Notice } from '../model/notices.ts';
import type { Texts } from '../model/texts.ts';
import type { ElectronParts, Timers } from './electron-parts.ts';

export interface NotifierOptions {
  readonly electron: Pick<ElectronParts, 'Notification'>;
  readonly timers: Timers;
  readonly texts: Texts;
  readonly isWanted: () => boolean;
  readonly onClick: (page: string) => void;
  /** The system refused, as it does to programs that are not signed: something else has to tell. */
  readonly onFailed: () => void;
}

/** Shows what happens as notifications of the system. */
export function notifier({ electron, timers, texts, isWanted, onClick, onFailed }: NotifierOptions): { take(happening: Happening): void; stop(): void } {
  const board = noticeBoard(texts);
  /** Those on the screen: one that nobody holds is collected, and its click goes nowhere. */
  const open = new Map<string, Notification>();
  let cancelSum: (() => void) | undefined;

  function show(notice: Notice | undefined): void {
    if (!notice) return;
    if (!electron.Notification.isSupported()) return onFailed();
    open.get(notice.id)?.close();
    const shown = new electron.Notification({ id: notice.id, groupId: notice.group, groupTitle: 'natsjob', title: notice.title, body: notice.body });
    const forget = (): void => {
      if (open.get(notice.id) === shown) open.delete(notice.id);
    };
    open.set(notice.id, shown);
    shown.on('click', () => {
      forget();
      onClick(notice.page);
    });
    shown.on('close', forget);
    shown.on('failed', () => {
      forget();
      onFailed();
    });
    shown.show();
  }

  function planSum(): void {
    const due = board.sumDueAt();
    if (due === undefined || cancelSum) return;
    cancelSum = timers.after(Math.max(0, due - timers.now()), () => {
      cancelSum = undefined;
      show(board.sum());
    });
  }

  return {
    take(happening) {
      if (!isWanted()) return;
      show(board.take(happening, timers.now()));
      planSum();
    },
    stop() {
      cancelSum?.();
      open.clear();
    },
  };
}
