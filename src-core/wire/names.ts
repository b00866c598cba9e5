/** A namespace, app or job name: safe as one token of a subject and of a KV key, in every client library. */
export const NAME_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** Longest worker id or sub-run id, in characters. */
export const MAX_CLIENT_ID_LENGTH = 128;

/** Longest worker group, in characters. */
export const MAX_GROUP_LENGTH = 64;

/** What NATS takes as one token of a subject: no white space, dots, wildcards, control characters or half characters. */
const TOKEN_PATTERN = /^[^\s.*>\p{Cc}\p{Cs}]{1,128}$/u;

export function isName(text: string): boolean {
  return NAME_PATTERN.test(text);
}

/**
 * True if `text` may stand as a worker id (or sub-run id) in a subject or key. Wider than a name, because
 * the Java library's ids look like `host=10-0-0-5=8080=1a2b3c4d`: 1–128 characters, whatever NATS allows in a token.
 */
export function isClientId(text: string): boolean {
  return NAME_PATTERN.test(text) || TOKEN_PATTERN.test(text);
}

/** True if `text` may stand as a worker group in a subject: as a worker id, but at most 64 characters. */
export function isGroup(text: string): boolean {
  return text.length <= MAX_GROUP_LENGTH && isClientId(text);
}
