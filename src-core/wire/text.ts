/** Texts from outside, made safe to keep. */

/** Characters kept of a status, a monitorStatus, an id or a scene's name. */
export const SHORT_TEXT = 64;
/** Characters kept of a reason or a monitorPayload. */
export const LONG_TEXT = 1024;

/** U+0000, which PostgreSQL refuses, and halves of a surrogate pair, which UTF-8 cannot say. */
const UNSTORABLE = /\0|\p{Cs}/gu;
const MAYBE_UNSTORABLE = /[\0\ud800-\udfff]/;

/**
 * The first `max` characters of `text`, fit for any database: counted in code points, so that no character is ever
 * split, and with U+0000 and lone surrogates replaced by U+FFFD.
 */
export function boundedText(text: string, max: number): string {
  const short = cutCharacters(text, max);
  return MAYBE_UNSTORABLE.test(short) ? short.replace(UNSTORABLE, '\ufffd') : short;
}

/** The first `max` characters (code points) of `text`. A cut text does not keep the long one in memory. */
export function cutCharacters(text: string, max: number): string {
  if (text.length <= max) return text;
  let index = 0;
  for (let count = 0; count < max && index < text.length; count++) {
    index += (text.codePointAt(index) as number) > 0xffff ? 2 : 1;
  }
  return index >= text.length ? text : detached(text.slice(0, index));
}

/** A copy with memory of its own: a slice in V8 points into the text it was cut from. */
function detached(slice: string): string {
  return JSON.parse(JSON.stringify(slice)) as string;
}
