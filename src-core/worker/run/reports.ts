import type { Clock, CancelTimer } from '../../ports/clock.ts';
import { encodeReport, MAX_PROGRESS_LENGTH, REPORTS_KEPT } from '../../wire/index.ts';
import type { LogLevel, Report } from '../../wire/index.ts';
import { BadOptionError } from '../errors.ts';

/** One is left for the line that says what was left out. */
const MAX_LINES = REPORTS_KEPT - 1;
const PROGRESS_GAP_MS = 100;

/**
 * Log lines and progress of one run on their way to the stream of reports. Bounded: after 1,000 lines the rest is counted, and
 * of progress the newest is told, ten times a second.
 */
export class RunReports {
  readonly #send: (text: string) => void;
  readonly #clock: Clock;
  #lines = 0;
  #leftOut = 0;
  #newest: { readonly value: unknown } | undefined;
  #cancelTimer: CancelTimer | undefined;

  constructor(send: (text: string) => void, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  line(level: LogLevel, text: unknown): void {
    if (this.#lines >= MAX_LINES) {
      this.#leftOut++;
      return;
    }
    this.#lines++;
    this.#tell({ kind: 'log', at: this.#clock.now(), level, text: String(text) });
  }

  progress(value: unknown): void {
    this.#newest = { value };
    if (this.#cancelTimer !== undefined) return;
    this.#tellProgress();
    this.#cancelTimer = this.#clock.after(PROGRESS_GAP_MS, () => {
      this.#cancelTimer = undefined;
      if (this.#newest !== undefined) this.progress(this.#newest.value);
    });
  }

  result(value: unknown): void {
    this.#tell({ kind: 'result', at: this.#clock.now(), value });
  }

  /** The run is done: tells what was held back. */
  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#newest !== undefined) this.#tellProgress();
    if (this.#leftOut > 0) this.#tell({ kind: 'log', at: this.#clock.now(), level: 'warn', text: `${this.#leftOut} more lines were left out` });
    this.#leftOut = 0;
  }

  #tellProgress(): void {
    const progress = this.#newest?.value;
    this.#newest = undefined;
    const text = encodeReport({ kind: 'progress', at: this.#clock.now(), progress });
    if (text !== undefined) this.#send(text);
  }

  #tell(report: Report): void {
    const text = encodeReport(report);
    if (text !== undefined) this.#send(text);
  }
}

/** Throws BadOptionError for what cannot be told. */
export function checkProgress(value: unknown): void {
  if (typeof value === 'number' && value >= 0 && value <= 100) return;
  const json = typeof value === 'number' ? undefined : (JSON.stringify(value) as string | undefined);
  if (json === undefined || json.length > MAX_PROGRESS_LENGTH) throw new BadOptionError('progress', `a number from 0 to 100 or JSON of at most ${MAX_PROGRESS_LENGTH} characters`, value);
}
