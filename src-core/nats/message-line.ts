/** Where a message lies in a piece of the socket: indexes into it. Without a reply, or headers, begin and end are the same. */
export interface Place {
  subscription: number;
  subjectStart: number;
  subjectEnd: number;
  replyStart: number;
  replyEnd: number;
  headStart: number;
  bodyStart: number;
  end: number;
}

const CR = 13;
const SPACE = 32;
const ZERO = 48;
const G = 71;
const H = 72;
const M = 77;
const S = 83;
const MAX_DIGITS = 9;
const MOST_FIELDS = 5;

const starts = [0, 0, 0, 0, 0, 0];
const ends = [0, 0, 0, 0, 0, 0];

export function emptyPlace(): Place {
  return { subscription: 0, subjectStart: 0, subjectEnd: 0, replyStart: 0, replyEnd: 0, headStart: 0, bodyStart: 0, end: 0 };
}

/**
 * Reads the line that stands before a message, `MSG subject sid [reply] size` or `HMSG subject sid [reply] headers size`, into
 * `into`. False for any other line, and for one with more than a space between two of its parts; then `into` means nothing.
 */
export function findMessage(piece: Uint8Array, start: number, lineEnd: number, into: Place): boolean {
  const extra = piece[start] === H ? 1 : 0;
  let at = start + extra;
  if (piece[at] !== M || piece[at + 1] !== S || piece[at + 2] !== G || piece[at + 3] !== SPACE || piece[lineEnd - 1] !== CR) return false;
  at += 4;
  let fields = 0;
  for (let from = at; fields <= MOST_FIELDS; from = at + 1, at++) {
    while (at < lineEnd - 1 && piece[at] !== SPACE) at++;
    if (at === from) return false;
    starts[fields] = from;
    ends[fields++] = at;
    if (at >= lineEnd - 1) break;
  }
  const hasReply = fields === 4 + extra;
  if (fields !== 3 + extra && !hasReply) return false;
  const size = digits(piece, fields - 1);
  const head = extra === 1 ? digits(piece, fields - 2) : 0;
  into.subscription = digits(piece, 1);
  if (!(size >= head && head >= 0 && into.subscription >= 0)) return false;
  into.subjectStart = starts[0] as number;
  into.subjectEnd = ends[0] as number;
  into.replyStart = hasReply ? starts[2] as number : 0;
  into.replyEnd = hasReply ? ends[2] as number : 0;
  into.headStart = lineEnd + 1;
  into.bodyStart = into.headStart + head;
  into.end = into.headStart + size;
  return true;
}

/** Value of a field; NaN unless it is a few digits. */
function digits(piece: Uint8Array, field: number): number {
  let at = starts[field] as number;
  const end = ends[field] as number;
  if (end - at > MAX_DIGITS) return Number.NaN;
  let value = 0;
  for (; at < end; at++) {
    const digit = (piece[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}
