import { formatAgo, formatTime, offsetOf } from '../lib/format.ts';
import { i18n } from '../i18n/index.svelte.ts';
import { prefs } from './prefs.svelte.ts';

const LOCAL = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Times as this person wants them. `zone` is the job's own, where there is one. */
export const times = {
  /** The zone in which a time is shown. */
  zone(jobZone?: string): string {
    if (prefs.zone === 'utc') return 'UTC';
    return prefs.zone === 'job' && jobZone ? jobZone : LOCAL;
  },
  text(at: number | string, detail: 'day' | 'minute' | 'second' | 'ms' | 'time' | 'clock' = 'second', jobZone?: string): string {
    return formatTime(toMs(at), { language: i18n.language, zone: times.zone(jobZone), hour12: prefs.clock === '12' }, detail);
  },
  /** All that can be said of a moment: local, UTC, the job's zone, how long ago. */
  full(at: number | string, nowMs: number, jobZone?: string): string {
    const ms = toMs(at);
    const zones = new Set([LOCAL, 'UTC', ...(jobZone ? [jobZone] : [])]);
    const style = { language: i18n.language, hour12: prefs.clock === '12' };
    return [...[...zones].map((zone) => `${formatTime(ms, { ...style, zone }, 'ms')} ${zone} (${offsetOf(ms, zone)})`), formatAgo(ms, nowMs, i18n.language)].join('\n');
  },
};

export function toMs(at: number | string): number {
  return typeof at === 'number' ? at : Date.parse(at);
}
