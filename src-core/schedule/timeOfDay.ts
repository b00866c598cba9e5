/** Which seconds of a day match: three sets of numbers as bit masks (0–29 in `low`, 30–59 in `high`). */
export interface TimeOfDay {
  readonly second: Bits;
  readonly minute: Bits;
  readonly hour: Bits;
  /** First matching second of any day. */
  readonly first: number;
}

/** Two masks of 30 bits each, so that both stay small integers for the engine. */
export interface Bits {
  readonly low: number;
  readonly high: number;
}

/** Builds the sets from sorted, non-empty value lists. */
export function timeOfDay(seconds: readonly number[], minutes: readonly number[], hours: readonly number[]): TimeOfDay {
  const first = (hours[0] ?? 0) * 3600 + (minutes[0] ?? 0) * 60 + (seconds[0] ?? 0);
  return { second: bitsOf(seconds), minute: bitsOf(minutes), hour: bitsOf(hours), first };
}

/** First matching second of the day at or after `from` (0 to 86399), or -1 when the day has no more. */
export function nextTimeOfDay(time: TimeOfDay, from: number): number {
  const hour = Math.floor(from / 3600);
  const minute = Math.floor(from / 60) % 60;
  const foundHour = nextBit(time.hour, hour);
  if (foundHour < 0) return -1;
  if (foundHour > hour) return foundHour * 3600 + (time.first % 3600);
  const foundMinute = nextBit(time.minute, minute);
  if (foundMinute === minute) {
    const second = nextBit(time.second, from % 60);
    if (second >= 0) return hour * 3600 + minute * 60 + second;
  }
  const laterMinute = foundMinute > minute ? foundMinute : nextBit(time.minute, minute + 1);
  if (laterMinute >= 0) return hour * 3600 + laterMinute * 60 + (time.first % 60);
  const laterHour = nextBit(time.hour, hour + 1);
  return laterHour < 0 ? -1 : laterHour * 3600 + (time.first % 3600);
}

/** Readings of a field are shared among expressions, and so are their masks. */
const masks = new WeakMap<readonly number[], Bits>();

function bitsOf(values: readonly number[]): Bits {
  const known = masks.get(values);
  if (known !== undefined) return known;
  let low = 0;
  let high = 0;
  for (const value of values) {
    if (value < 30) low |= 1 << value;
    else high |= 1 << (value - 30);
  }
  const bits = { low, high };
  masks.set(values, bits);
  return bits;
}

/** Smallest member at or above `from`, or -1. */
function nextBit(bits: Bits, from: number): number {
  if (from < 30) {
    const rest = bits.low & (-1 << from);
    if (rest !== 0) return 31 - Math.clz32(rest & -rest);
    return bits.high === 0 ? -1 : 61 - Math.clz32(bits.high & -bits.high);
  }
  if (from >= 60) return -1;
  const rest = bits.high & (-1 << (from - 30));
  return rest === 0 ? -1 : 61 - Math.clz32(rest & -rest);
}
