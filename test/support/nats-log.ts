import type { Log } from '../../src-core/ports/log.ts';

export interface RecordedLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

/** A log that keeps its lines. */
export function recordingLog(): { readonly log: Log; readonly lines: readonly RecordedLine[]; text(): string } {
  const lines: RecordedLine[] = [];
  const write = (level: RecordedLine['level']) => (fields: object, message: string): void => {
    lines.push({ level, fields, message });
  };
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), child: () => log };
  return { log, lines, text: () => lines.map((line) => JSON.stringify(line)).join('\n') };
}
