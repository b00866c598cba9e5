/** Texts of numbers, times and sizes. Pure: language, zone and the moment are arguments. */

export interface TimeStyle {
  readonly language: string;
  /** IANA name. */
  readonly zone: string;
  readonly hour12: boolean;
}

const formats = new Map<string, Intl.DateTimeFormat>();
const relatives = new Map<string, Intl.RelativeTimeFormat>();

/** `detail`: `day` 2026-03-01; `minute`; `second` (default); `ms`; `time` only the time of day, `clock` that without seconds. */
export function formatTime(ms: number, style: TimeStyle, detail: 'day' | 'minute' | 'second' | 'ms' | 'time' | 'clock' = 'second'): string {
  const key = `${style.zone} ${style.hour12} ${detail}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: style.zone, hourCycle: style.hour12 ? 'h12' : 'h23',
      ...(detail === 'time' || detail === 'clock' ? {} : { year: 'numeric', month: '2-digit', day: '2-digit' }),
      ...(detail === 'day' ? {} : { hour: '2-digit', minute: '2-digit' }),
      ...(detail === 'day' || detail === 'minute' || detail === 'clock' ? {} : { second: '2-digit' }),
      ...(detail === 'ms' ? { fractionalSecondDigits: 3 } : {}),
    });
    if (formats.size > 200) formats.clear();
    formats.set(key, format);
  }
  return format.format(ms).replace(', ', ' ').replace('a.m.', 'AM').replace('p.m.', 'PM');
}

/** The zone's offset at that moment: `UTC+08:00`. */
export function offsetOf(ms: number, zone: string): string {
  const part = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(ms).find(({ type }) => type === 'timeZoneName');
  return (part?.value ?? 'GMT').replace('GMT', 'UTC');
}

/** `850 ms`, `1.2 s`, `3 min 5 s`, `2 h 4 min`, `5 d 3 h`. Units are the same in both languages. */
export function formatDuration(ms: number): string {
  const abs = Math.abs(ms);
  const sign = ms < 0 ? '−' : '';
  if (abs < 1000) return `${sign}${Math.round(abs)} ms`;
  if (abs < 10_000) return `${sign}${trim((abs / 1000).toFixed(1))} s`;
  if (abs < 60_000) return `${sign}${Math.round(abs / 1000)} s`;
  const [big, small, bigName, smallName] = abs < 3_600_000
    ? [60_000, 1000, 'min', 's'] as const
    : abs < 86_400_000 ? [3_600_000, 60_000, 'h', 'min'] as const : [86_400_000, 3_600_000, 'd', 'h'] as const;
  const whole = Math.floor(abs / big);
  const rest = Math.floor((abs - whole * big) / small);
  return `${sign}${whole} ${bigName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}

function trim(number: string): string {
  return number.replace(/\.0$/, '');
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : trim(value.toFixed(1))} ${units[unit]}`;
}

export function formatNumber(value: number, language: string): string {
  return new Intl.NumberFormat(language).format(value);
}

/** `3 min ago`, `in 12 s`, by the language. */
export function formatAgo(ms: number, now: number, language: string): string {
  const seconds = Math.round((ms - now) / 1000);
  const abs = Math.abs(seconds);
  let relative = relatives.get(language);
  if (relative === undefined) relatives.set(language, (relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })));
  if (abs < 60) return relative.format(seconds, 'second');
  if (abs < 3600) return relative.format(Math.trunc(seconds / 60), 'minute');
  if (abs < 86_400) return relative.format(Math.trunc(seconds / 3600), 'hour');
  return relative.format(Math.trunc(seconds / 86_400), 'day');
}

/** `99.3 %`; a share that is not whole never reads as 100 %. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return '–';
  const percent = (part / whole) * 100;
  if (percent > 99.9 && part < whole) return '99.9 %';
  return `${trim(percent.toFixed(1))} %`;
}
