import type { Log } from '../../ports/index.ts';
import { openLogFile, type LogFileOptions } from './log-file.ts';
import { redactUrl } from './redact.ts';

export interface LoggerOptions {
  /** Form of the lines on the terminal; the file is always JSON. */
  readonly format: 'console' | 'json';
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Folder of the log files; undefined = terminal only. */
  readonly dir: string | undefined;
  /** Where terminal lines go; standard error unless said otherwise, as standard output is for what commands answer. */
  readonly terminal?: { write(text: string): unknown; isTTY?: boolean };
  /** The manual's rotation unless said otherwise. */
  readonly rotation?: Pick<LogFileOptions, 'size' | 'maxFiles' | 'maxAgeDays'>;
}

export interface Logger {
  readonly log: Log;
  setLevel(level: LoggerOptions['level']): void;
  /** Resolves when every line is with the operating system. */
  close(): Promise<void>;
}

const MANUAL_ROTATION = { size: '500M', maxFiles: 10, maxAgeDays: 7 } as const;
const SECRET_FIELDS = ['password', 'loginPwd', 'token', 'secretKey', 'authorization'];

/** Structured log to the terminal and the file. Passwords in addresses are blotted out of every line, whatever field they are in. */
export async function createLogger(options: LoggerOptions): Promise<Logger> {
  const { pino } = await import('pino');
  const terminal = options.terminal ?? standardError();
  const toTerminal = options.format === 'json' ? (line: string) => line : await prettyLine(terminal.isTTY === true);
  const file = options.dir === undefined ? undefined : openLogFile({ ...MANUAL_ROTATION, ...options.rotation, dir: options.dir, onTrouble: (sentence) => sayOnTerminal(sentence) });
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '***' },
    },
    { write: writeLine },
  );
  return { log, setLevel: (level) => { log.level = level; }, close: async () => file?.close() };

  function writeLine(line: string): void {
    const clean = redactUrl(line);
    terminal.write(toTerminal(clean));
    file?.write(clean);
  }

  /** Not through the log: it would go to the file that does not work. */
  function sayOnTerminal(sentence: string): void {
    const line = JSON.stringify({ level: 'warn', time: new Date().toISOString(), component: 'log', msg: sentence });
    terminal.write(toTerminal(`${line}\n`));
  }
}

async function prettyLine(colorize: boolean): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ colorize, translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l', singleLine: true });
  return (line) => pretty(line) ?? line;
}

/** A reader that has gone away is no reason to end. */
function standardError(): NodeJS.WriteStream {
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => {});
  return process.stderr;
}
