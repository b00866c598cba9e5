import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readRunMark, type RunMark } from '../model/crash-rules.ts';
import { DEFAULT_SETTINGS, readSettings, settingsText, type DesktopSettings } from '../model/desktop-settings.ts';

const LOG_BYTES = 1024 * 1024;

/** Text of a file; undefined when there is none. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Readers see the old text or the new one, never half; nobody else's business. */
export function writeWhole(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
}

export interface SettingsFile {
  readonly settings: DesktopSettings;
  change(changes: Partial<DesktopSettings>): void;
}

/** The shell's settings. A file that is no JSON is set aside as `….broken` and begun anew; one that cannot be written is no reason to stop. */
export function openSettingsFile(file: string, log: (line: string) => void): SettingsFile {
  const text = textOf(file);
  const read = text === undefined ? undefined : readSettings(text);
  if (text !== undefined && read === undefined) {
    log(`${path.basename(file)} cannot be read; it is kept as ${path.basename(file)}.broken and begun anew`);
    attempt(() => renameSync(file, `${file}.broken`), log);
  }
  let settings = read?.settings ?? DEFAULT_SETTINGS;
  return {
    get settings() {
      return settings;
    },
    change(changes) {
      settings = { ...settings, ...changes };
      attempt(() => writeWhole(file, settingsText(settings, read?.unknown ?? {})), log);
    },
  };
}

/** Left behind when the program does not end in order. `before` is what the last start left. */
export function openRunMark(file: string, log: (line: string) => void): { readonly before: RunMark | undefined; keep(mark: RunMark): void; clear(): void } {
  const text = textOf(file);
  return {
    before: text === undefined ? undefined : readRunMark(text),
    keep: (mark) => attempt(() => writeWhole(file, JSON.stringify(mark)), log),
    clear: () => attempt(() => rmSync(file, { force: true }), log),
  };
}

/** Lines of the shell itself; written at once, so that the last ones before an end are there. One old file is kept. */
export function shellLog(file: string, now: () => number): (line: string) => void {
  return (line) => {
    try {
      mkdirSync(path.dirname(file), { recursive: true });
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES) renameSync(file, `${file}.1`);
      appendFileSync(file, `${new Date(now()).toISOString()} ${line}\n`);
    } catch {
      // A full disk must not end the program that could say so.
    }
  };
}

function attempt(work: () => void, log: (line: string) => void): void {
  try {
    work();
  } catch (error) {
    log(error instanceof Error ? error.message : String(error));
  }
}
