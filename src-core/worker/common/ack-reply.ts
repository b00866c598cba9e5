/** What the server writes into the reply subject of a message it hands out. Source: JetStream's reply subject, both forms. */

const DOT = 46;
const ZERO = 48;

/** Place behind the stream's and the consumer's name; 0 if this is no such subject. */
function placeOfDeliveries(reply: string): number {
  if (!reply.startsWith('$JS.ACK.')) return 0;
  let dots = 0;
  for (let i = 8; i < reply.length; i++) if (reply.charCodeAt(i) === DOT) dots++;
  // $JS.ACK.<stream>.<consumer>.… or $JS.ACK.<domain>.<account>.<stream>.<consumer>.…
  let skip = dots === 6 ? 2 : dots >= 8 ? 4 : 0;
  if (skip === 0) return 0;
  let at = 8;
  while (skip > 0) if (reply.charCodeAt(at++) === DOT) skip--;
  return at;
}

/** How often the message has been handed out; 0 if the subject is none of these. */
export function deliveriesOf(reply: string): number {
  let at = placeOfDeliveries(reply);
  if (at === 0) return 0;
  let value = 0;
  for (let digit = reply.charCodeAt(at) - ZERO; digit >= 0 && digit <= 9; digit = reply.charCodeAt(++at) - ZERO) value = value * 10 + digit;
  return value;
}

/** When the message was stored, epoch ms; NaN if the subject is none of these. */
export function storedAtOf(reply: string): number {
  const at = placeOfDeliveries(reply);
  if (at === 0) return Number.NaN;
  const time = reply.slice(at).split('.', 4)[3] ?? '';
  return time.length > 6 ? Number(time.slice(0, -6)) : Number.NaN;
}
