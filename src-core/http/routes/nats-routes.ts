import type { FieldError } from '../../domain/errors.ts';
import { hasUnpairedSurrogate } from '../../domain/input.ts';
import type { HostApi } from '../../ports/host.ts';
import { CONTROL_BUCKET, DEFINITIONS_BUCKET, HEARTBEAT_BUCKET, isTrialSubject, RESULTS_BUCKET } from '../../wire/index.ts';
import type { PublishRequest } from '../contract.ts';
import { encodeCursor } from '../cursor.ts';
import { toBucketEntry } from '../host-resources.ts';
import { invalidInput } from '../problem.ts';
import { PUBLISH_REQUEST } from '../schema/request-schemas.ts';
import { itemsOf, pageOf } from '../schema/resource-schemas.ts';
import { ref } from '../schema/schema.ts';
import { BadField, choice, pageFields } from './fields.ts';
import type { Field } from './fields.ts';
import { defineRoute, ok } from './route.ts';
import type { Route } from './route.ts';

const BUCKETS = [DEFINITIONS_BUCKET, RESULTS_BUCKET, HEARTBEAT_BUCKET, CONTROL_BUCKET] as const;
const MAX_TEXT_BYTES = 65_536;
const MAX_HEADERS = 16;
/** RFC 9110's tokens. */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const HEADER_VALUE = /^[^\p{Cc}\p{Cs}]{0,1024}$/u;
/** With these the server or the scheduler would do more than pass the message on. */
const OWN_HEADER = /^(nats|natsjob|kv)-/i;

/** NATS as the workers see it, to look at and to try. The WebSocket's `watch` belongs to it, too. */
export function natsRoutes(host: HostApi): readonly Route[] {
  const tag = 'NATS';
  return [
    defineRoute({
      method: 'POST', path: '/nats/ping', operationId: 'pingNats', summary: 'How long a round trip to the NATS server takes', tag,
      answers: { 200: ref('Ping') },
      handle: async () => ok({ roundTripMs: await host.nats.roundTripMs() }),
    }),
    defineRoute({
      method: 'POST', path: '/nats/publish', operationId: 'publish', summary: 'One message on a subject of the jobs, as a worker would get it', tag,
      body: { schema: PUBLISH_REQUEST, checkedBy: 'http' },
      answers: { 202: { type: 'object' } },
      handle: async ({ body }) => {
        const { subject, text, headers = {} } = checked(body);
        await host.nats.publish({ subject, text, headers });
        return { status: 202, body: {} };
      },
    }),
    defineRoute({
      method: 'GET', path: '/nats/buckets', operationId: 'listBuckets', summary: 'The buckets of natsjob', tag,
      answers: { 200: itemsOf('Bucket') },
      handle: async () => {
        const sizes = await Promise.all(BUCKETS.map((name) => host.nats.bucketSize(name)));
        return ok({ items: BUCKETS.flatMap((name, index) => (sizes[index] === undefined ? [] : [{ name, entries: sizes[index].entries, bytes: sizes[index].bytes }])) });
      },
    }),
    defineRoute({
      method: 'GET', path: '/nats/buckets/{bucket}/entries', operationId: 'listBucketEntries', summary: 'Newest values of keys, those changed longest ago first', tag,
      params: { bucket: choice(BUCKETS) },
      query: { prefix: keyPrefix(), ...pageFields('bucket-entries') },
      answers: { 200: pageOf('BucketEntry') },
      handle: async ({ params: { bucket }, query: { prefix = '', limit, cursor } }) => {
        const { items, next } = await host.nats.bucketEntries(bucket, { prefix, limit, ...(cursor === undefined ? {} : { after: cursor }) });
        return ok({ items: items.map(toBucketEntry), nextCursor: next === undefined ? null : encodeCursor('bucket-entries', next) });
      },
    }),
  ];
}

function checked(request: PublishRequest): PublishRequest {
  const { subject, text, headers = {} } = request;
  const errors: FieldError[] = [];
  if (!isTrialSubject(subject)) errors.push({ field: 'subject', message: 'must be a whole subject under natsjob.job. or natsjob-void.job., without wildcards and white space' });
  if (Buffer.byteLength(text) > MAX_TEXT_BYTES) errors.push({ field: 'text', message: `must have at most ${MAX_TEXT_BYTES} bytes` });
  else if (hasUnpairedSurrogate(text)) errors.push({ field: 'text', message: 'must be valid Unicode text' });
  const names = Object.keys(headers);
  if (names.length > MAX_HEADERS) errors.push({ field: 'headers', message: `must have at most ${MAX_HEADERS} entries, not ${names.length}` });
  for (const name of names.slice(0, MAX_HEADERS)) {
    const field = `headers.${name.slice(0, 64)}`;
    if (!HEADER_NAME.test(name)) errors.push({ field, message: 'must have a name of 1 to 64 letters, digits and signs as HTTP takes them' });
    else if (OWN_HEADER.test(name)) errors.push({ field, message: "is the scheduler's or the NATS server's own" });
    const value: unknown = headers[name];
    if (typeof value !== 'string' || !HEADER_VALUE.test(value)) errors.push({ field, message: 'must be text of at most 1024 characters in one line' });
  }
  if (errors.length > 0) throw invalidInput(errors);
  return request;
}

function keyPrefix(): Field<string> {
  return {
    schema: { type: 'string', maxLength: 256, description: 'The keys begin with this' },
    emptyIsAbsent: true,
    read: (value) => {
      if (!/^[^\s*>\p{Cc}\p{Cs}]{1,256}$/u.test(value) || value.startsWith('.') || value.includes('..')) throw new BadField('must be the beginning of a key: at most 256 characters without white space, * and >');
      return value;
    },
  };
}
