/** Wall clocks and moments. Pure. */

/** What the zone's clock shows, as `datetime-local` wants it: `2026-03-01T09:00:00`. */
export function wallClockOf(ms: number, zone: string): string {
  return new Date(ms + offsetMs(ms, zone)).toISOString().slice(0, 19);
}

/** The moment at which the zone's clock shows it; of a time that comes twice the first, of one that does not exist the moment after. Undefined when the text is no time. */
export function momentOf(wallClock: string, zone: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(wallClock)) return undefined;
  const asUtc = Date.parse(`${wallClock}Z`);
  if (Number.isNaN(asUtc)) return undefined;
  const before = offsetMs(asUtc - 86_400_000, zone);
  const after = offsetMs(asUtc + 86_400_000, zone);
  const fits = [asUtc - before, asUtc - after].filter((at) => at + offsetMs(at, zone) === asUtc);
  return fits.length > 0 ? Math.min(...fits) : asUtc - before;
}

function offsetMs(ms: number, zone: string): number {
  const text = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
  const [, sign = '+', hours = '0', minutes = '0', seconds = '0'] = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(text) ?? [];
  return (sign === '-' ? -1 : 1) * ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}
