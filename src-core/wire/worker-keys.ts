/**
 * Keys of the bucket natsjob-worker. What a program calls its locks and statuses may be any text: what a key cannot hold
 * stands as `=` and two hex digits for each byte, so that different texts have different keys.
 */
import { hasUnpairedSurrogate } from '../domain/input.ts';

export const MAX_SHARED_NAME_LENGTH = 128;
/** Longer ones would come near to what servers take as a subject. */
const MAX_TOKEN_LENGTH = 512;

export function lockKey(name: string): string {
  return `lock.${keyToken(name)}`;
}

export function statusKey(name: string): string {
  return `status.${keyToken(name)}`;
}

/** `part` tells apart what works on one run at the same time, or one after the other: '' where there is nothing to tell. */
export function checkpointKey(ns: string, app: string, job: string, rootTaskId: string, part: string = ''): string {
  return `checkpoint.${ns}.${app}.${job}.${rootTaskId}${part === '' ? '' : `.${keyToken(part)}`}`;
}

/** That something was begun which may kill its process; the parts say what. */
export function begunKey(...parts: readonly string[]): string {
  return `begun.${parts.map(keyToken).join('.')}`;
}

/** Whether a lock or a status may be called so: 1 to 128 characters, whole ones, that are not too many bytes. */
export function isSharedName(text: unknown): text is string {
  return typeof text === 'string' && text !== '' && text.length <= MAX_SHARED_NAME_LENGTH && !hasUnpairedSurrogate(text) && keyToken(text).length <= MAX_TOKEN_LENGTH;
}

/** The text in letters that every NATS client takes as a key. Dots stay, but for those that would make an empty token. */
function keyToken(text: string): string {
  const plain = encodeURIComponent(text).replace(/[!'()*~=]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  return plain.replaceAll('%', '=').replace(/^\.|\.$|\.(?=\.)/g, '=2E');
}
