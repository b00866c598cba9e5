import type { Log } from '../ports/log.ts';

/** Says nothing: what a library does unless it is given a log. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
