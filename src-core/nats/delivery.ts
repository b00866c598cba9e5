/** Where a delivered message stands: read from its reply subject, where the server writes it. */
export interface Delivery {
  streamSequence: number;
  consumerSequence: number;
  /** Messages the consumer had still to come when this one left. */
  pending: number;
  /** The reply subject, and where in it the time of storing stands (nanoseconds, digits). */
  reply: string;
  timeStart: number;
  timeEnd: number;
}

const ZERO = 48;
const DOT = 46;

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>` into `into`, or the longer form
 * with domain and account before the stream. False if it is neither, then `into` means nothing.
 * Written by hand into one object because every message of a replay passes here.
 */
export function readDelivery(reply: string, into: Delivery): boolean {
  if (!reply.startsWith('$JS.ACK.')) return false;
  let dots = 0;
  for (let i = 0; i < reply.length; i++) if (reply.charCodeAt(i) === DOT) dots++;
  let skip = dots === 8 ? 5 : dots >= 10 ? 7 : 0;
  if (skip === 0) return false;
  let at = 0;
  while (skip > 0) if (reply.charCodeAt(at++) === DOT) skip--;

  let value = 0;
  let code: number;
  while ((code = reply.charCodeAt(at++)) !== DOT) value = value * 10 + code - ZERO;
  into.streamSequence = value;
  value = 0;
  while ((code = reply.charCodeAt(at++)) !== DOT) value = value * 10 + code - ZERO;
  into.consumerSequence = value;
  into.timeStart = at;
  while (reply.charCodeAt(at++) !== DOT);
  into.timeEnd = at - 1;
  value = 0;
  while (at < reply.length && (code = reply.charCodeAt(at++)) !== DOT) value = value * 10 + code - ZERO;
  into.pending = value;
  into.reply = reply;
  return true;
}

export function emptyDelivery(): Delivery {
  return { streamSequence: 0, consumerSequence: 0, pending: 0, reply: '', timeStart: 0, timeEnd: 0 };
}

/** Time of storing, epoch ms. */
export function storedAt(reply: string, timeStart: number, timeEnd: number): number {
  return Number(reply.slice(timeStart, timeEnd - 6));
}
