import { LIVE_TYPES } from '../contract.ts';
import type { LiveFilter, LiveRequest } from '../contract.ts';
import { isWatchSubject } from '../../wire/index.ts';
import { checkSchema } from '../schema/check-schema.ts';
import { NAME } from '../schema/request-schemas.ts';
import { FLAG, objectOf, oneOf } from '../schema/schema.ts';
import type { Schema } from '../schema/schema.ts';

/** A message with its subscription spelled out. */
export interface ReadLiveRequest extends Omit<LiveRequest, 'subscribe'> {
  readonly subscribe?: LiveFilter;
}

/** The message, or a sentence that says what is wrong with it. */
export function readLiveRequest(text: string): ReadLiveRequest | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'The message is not JSON.';
  }
  const listed = typeof value === 'object' && value !== null && Array.isArray((value as LiveRequest).subscribe);
  const errors = checkSchema(listed ? LISTED : FILTERED, value);
  if (errors.length > 0) return errors.map(({ field, message }) => (field === '' ? `The message ${message}` : `${field}: ${message}`)).join('; ');
  const request = value as LiveRequest;
  if (request.since !== undefined && request.subscribe === undefined) return 'since: goes with subscribe';
  if (typeof request.watch === 'string' && !isWatchSubject(request.watch)) return 'watch: must be a subject under natsjob. or natsjob-void. (* stands for one token, > at the end for all that follow), or natsjob-report.<namespace>.<app>.<job>.<taskId>';
  if (!listed) return request as ReadLiveRequest;
  return { ...request, subscribe: { types: request.subscribe as NonNullable<LiveFilter['types']> } };
}

const TYPES: Schema = { type: 'array', items: oneOf(LIVE_TYPES), maxItems: 20 };
const FILTER = objectOf<LiveFilter>({ types: TYPES, namespace: NAME, app: NAME, job: NAME }, { optional: ['types', 'namespace', 'app', 'job'] });
const FILTERED = messageWith(FILTER);
const LISTED = messageWith(TYPES);

function messageWith(subscribe: Schema): Schema {
  return objectOf<LiveRequest>(
    { token: { type: 'string', maxLength: 4_096 }, subscribe, since: { type: 'integer', minimum: 0 }, pause: FLAG, watch: { type: ['string', 'null'], maxLength: 512 } },
    { optional: ['token', 'subscribe', 'since', 'pause', 'watch'] },
  );
}
