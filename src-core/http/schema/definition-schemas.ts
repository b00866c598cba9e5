import { CATEGORIES, CONDITIONS, DST_POLICIES, JOB_STATES, MAX_ARGS_BYTES, MISFIRE_POLICIES, MODELS, OVERLAP_POLICIES } from '../../domain/job.ts';
import { DEFAULT_NAMESPACE } from '../../domain/names.ts';
import { NAME, PRIORITY_FORMS, PRIORITY_RULE } from './request-schemas.ts';
import { oneOf, orNull, TIME } from './schema.ts';
import type { Schema } from './schema.ts';

/* Bodies that the scheduler checks (domain/job-input.ts): these describe, they do not decide. A test holds them to the truth. */

const DAY_MS = 86_400_000;
const DESCRIPTION: Schema = { ...orNull({ type: 'string', maxLength: 1024 }), description: 'Free text' };

/** Of namespaces and apps. */
const NAMED_PROPERTIES = {
  name: NAME, description: DESCRIPTION, ...ignored('version', 'createdAt', 'updatedAt'),
  namespace: { readOnly: true, description: 'Of an app: as in the address. Else ignored' },
};
export const NAMED_REQUEST: Schema = { type: 'object', properties: NAMED_PROPERTIES, required: ['name'], additionalProperties: false };
/** The name may be sent back, not changed. */
export const NAMED_PATCH: Schema = { type: 'object', properties: NAMED_PROPERTIES, additionalProperties: false };

const NO_LITE_OR_PLUS = 'Not for lite and plus';

const JOB_PROPERTIES: Readonly<Record<string, Schema>> = {
  namespace: { ...NAME, type: ['string', 'null'], default: DEFAULT_NAMESPACE },
  app: NAME,
  name: NAME,
  description: withDefault(DESCRIPTION, ''),
  schedule: group({
    expression: { ...withDefault(orNull({ type: 'string', maxLength: 256 }), ''), description: 'Cron with 5, 6 or 7 fields, @every, @at, @daily and the like; empty = by hand only' },
    timezone: { ...withDefault(orNull({ type: 'string', maxLength: 64 }), ''), description: "IANA name; empty = the server's zone" },
    startAt: withDefault(orNull(TIME), null),
    endAt: { ...withDefault(orNull(TIME), null), description: 'Later than startAt' },
    dst: choice(DST_POLICIES, 'once'),
    jitterMs: whole(0, DAY_MS, 0),
  }),
  category: choice(CATEGORIES, 'standalone'),
  model: { ...choice(MODELS, 'max'), description: 'Not ultra for map; only pro for group' },
  condition: { ...choice(['', ...CONDITIONS], ''), description: 'Standalone ultra only; empty = clientRound' },
  args: { default: '', description: `Text or any JSON value, at most ${MAX_ARGS_BYTES} bytes; null = empty text` },
  maxRunning: { ...whole(0, 10_000, 1), description: `0: as many as live workers of the app say they take. ${NO_LITE_OR_PLUS}` },
  overlap: { ...choice(OVERLAP_POLICIES, 'skip'), description: NO_LITE_OR_PLUS },
  queueLimit: { ...whole(1, 1_000_000, 100), description: NO_LITE_OR_PLUS },
  timeoutMs: { ...whole(100, DAY_MS, 60_000), description: NO_LITE_OR_PLUS },
  retry: {
    ...group({
      attempts: { ...whole(1, 100, 1), description: 'The first try included' },
      backoff: choice(['fixed', 'exponential'], 'fixed'),
      delayMs: whole(0, DAY_MS, 1_000),
      maxDelayMs: whole(0, 7 * DAY_MS, 3_600_000),
      on: withDefault(orNull({ type: 'array', items: oneOf(['fail', 'expired']), maxItems: 2 }), ['fail', 'expired']),
    }),
    description: NO_LITE_OR_PLUS,
  },
  misfire: group({ policy: choice(MISFIRE_POLICIES, 'once'), windowMs: whole(0, 7 * DAY_MS, 60_000), max: { ...whole(1, 1_000, 10), description: 'For the policy all' } }),
  rate: {
    ...withDefault(orNull({
      type: 'object',
      properties: { max: { type: 'integer', minimum: 1, maximum: 10_000 }, perMs: { type: 'integer', minimum: 100, maximum: DAY_MS } },
      required: ['max', 'perMs'],
      additionalProperties: false,
    }), null),
    description: 'At most max runs within perMs; null = no limit',
  },
  priority: { anyOf: [...PRIORITY_FORMS, { type: 'null' }], default: 5, description: PRIORITY_RULE },
  state: choice(JOB_STATES, 'enabled'),
  owner: { ...withDefault(orNull({ type: 'string', maxLength: 64 }), ''), description: 'Who to ask about it; free text' },
  tags: withDefault(orNull({ type: 'array', items: { type: 'string', minLength: 1, maxLength: 64 }, maxItems: 20 }), []),
  ...ignored('id', 'version', 'createdAt', 'updatedAt', 'nextFireAt', 'scheduleWords', 'lastRun', 'running', 'queued'),
};

export const JOB_REQUEST: Schema = {
  type: 'object', properties: JOB_PROPERTIES, required: ['app', 'name'], additionalProperties: false, description: 'What is absent or null takes its default',
};

export const JOB_PATCH: Schema = {
  type: 'object', properties: withoutDefaults(JOB_PROPERTIES), additionalProperties: false,
  description: 'What is absent stays; null sets the default. Objects are merged field by field, except args and rate',
};

function whole(minimum: number, maximum: number, value: number): Schema {
  return withDefault(orNull({ type: 'integer', minimum, maximum }), value);
}

function choice(words: readonly string[], value: string): Schema {
  return withDefault(orNull(oneOf(words)), value);
}

function group(properties: Readonly<Record<string, Schema>>): Schema {
  return orNull({ type: 'object', properties, additionalProperties: false });
}

function withDefault(schema: Schema, value: unknown): Schema {
  return { ...schema, default: value };
}

/** Whoever edits what the API gave may send these back. */
function ignored(...names: readonly string[]): Readonly<Record<string, Schema>> {
  return Object.fromEntries(names.map((name) => [name, { readOnly: true, description: 'Accepted and ignored' }]));
}

function withoutDefaults(properties: Readonly<Record<string, Schema>>): Readonly<Record<string, Schema>> {
  return Object.fromEntries(Object.entries(properties).map(([name, { default: _default, ...schema }]) => [
    name, schema.properties === undefined ? schema : { ...schema, properties: withoutDefaults(schema.properties) },
  ]));
}
