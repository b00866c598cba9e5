import type { DesktopSettings } from './desktop-settings.ts';
import type { DesktopState } from './desktop-state.ts';
import { SEPARATOR, type MenuEntry } from './menu-entry.ts';
import type { Texts } from './texts.ts';
import { clockWords, lengthWords } from './time-words.ts';
import { updateEntry } from './updates.ts';

export type TrayIcon = 'idle' | 'running' | 'paused' | 'problem';

export interface TrayModel {
  readonly icon: TrayIcon;
  readonly tooltip: string;
  readonly entries: readonly MenuEntry[];
}

export interface Shown {
  readonly state: DesktopState;
  readonly settings: DesktopSettings;
  readonly texts: Texts;
  readonly platform: NodeJS.Platform;
  /** Epoch ms. */
  readonly now: number;
}

/** Windows cuts longer ones. */
const TOOLTIP_LENGTH = 120;

/** Everything the tray shows. */
export function trayModel(shown: Shown): TrayModel {
  const lines = statusLines(shown);
  return { icon: iconOf(shown.state), tooltip: lines.join(' · ').slice(0, TOOLTIP_LENGTH), entries: entries(shown, lines) };
}

function iconOf({ phase, scheduler, failures, noticesFail }: DesktopState): TrayIcon {
  if (phase === 'restarting' || phase === 'gave-up' || failures > 0 || noticesFail) return 'problem';
  if (scheduler?.pause) return 'paused';
  return (scheduler?.running ?? 0) > 0 ? 'running' : 'idle';
}

/** `3 running`, `next backup in 4 min`; or what is wrong. */
export function statusLines({ state, texts, now }: Pick<Shown, 'state' | 'texts' | 'now'>): readonly string[] {
  const { phase, scheduler, url, noticesFail } = state;
  if (phase === 'elsewhere') return [texts.elsewhere(url ?? '')];
  if (phase !== 'running') return [{ starting: texts.starting, restarting: texts.restarting, 'gave-up': texts.gaveUp, stopping: texts.stopping }[phase]];
  if (!scheduler) return [texts.starting];
  const lines = [scheduler.running > 0 ? texts.running(scheduler.running) : texts.idle];
  const { pause, nextFire } = scheduler;
  if (pause) lines.push(pause.until === null ? texts.pausedForGood : texts.pausedUntil(clockWords(pause.until, now)));
  else if (nextFire) lines.push(texts.next(nextFire.job, nextFire.at - now < 1_000 ? texts.now : texts.inTime(lengthWords(nextFire.at - now))));
  if (noticesFail) lines.push(texts.noNotices);
  return lines;
}

function entries(shown: Shown, lines: readonly string[]): readonly MenuEntry[] {
  const { state, texts } = shown;
  const isRunning = state.phase === 'running';
  return [
    ...lines.map((label): MenuEntry => ({ kind: 'line', label })),
    SEPARATOR,
    { kind: 'item', label: texts.open, action: { do: 'open' }, enabled: state.url !== undefined },
    ...(state.phase === 'gave-up' ? [{ kind: 'item', label: texts.startAgain, action: { do: 'start-scheduler' } } as const] : []),
    ...(state.phase === 'elsewhere' ? [] : [runMenu(shown, isRunning), pauseEntry(shown, isRunning)]),
    ...(state.failures > 0 ? [{ kind: 'item', label: texts.failures(state.failures), action: { do: 'failures' } } as const] : []),
    SEPARATOR,
    { kind: 'item', label: texts.logs, action: { do: 'logs' } },
    { kind: 'item', label: texts.settings, action: { do: 'open', path: '/settings' }, enabled: state.url !== undefined },
    settingsMenu(shown),
    updateEntry(state.update, state.scheduler?.running ?? 0, texts),
    SEPARATOR,
    { kind: 'item', label: texts.quit, action: { do: 'quit' } },
  ];
}

function runMenu({ state, texts }: Shown, isRunning: boolean): MenuEntry {
  const jobs = isRunning ? (state.scheduler?.recentJobs ?? []) : [];
  const none: readonly MenuEntry[] = [{ kind: 'line', label: texts.noJobs }];
  return { kind: 'menu', label: texts.run, entries: jobs.length === 0 ? none : jobs.map(({ id, name }) => ({ kind: 'item', label: name, action: { do: 'run', jobId: id } })) };
}

function pauseEntry({ state, texts }: Shown, isRunning: boolean): MenuEntry {
  if (state.scheduler?.pause) return { kind: 'item', label: texts.resume, action: { do: 'resume' }, enabled: isRunning };
  const item = (label: string, minutes?: number): MenuEntry => ({ kind: 'item', label, action: { do: 'pause', ...(minutes === undefined ? {} : { minutes }) }, enabled: isRunning });
  return { kind: 'menu', label: texts.pause, entries: [item(texts.pauseMinutes, 15), item(texts.pauseHour, 60), item(texts.pauseForGood)] };
}

function settingsMenu({ settings, texts, platform }: Shown): MenuEntry {
  const names = ['openAtLogin', 'closeToTray', 'notices', 'keepAwake', 'lookForUpdates', ...(platform === 'darwin' ? (['hideDockIcon'] as const) : [])] as const;
  return {
    kind: 'menu', label: texts.desktopSettings,
    entries: names.map((name) => ({ kind: 'item', label: texts[name], checked: settings[name], action: { do: 'set', setting: name, to: !settings[name] } })),
  };
}
