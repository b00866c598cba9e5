import { CATEGORIES, CONDITIONS, DST_POLICIES, JOB_STATES, MISFIRE_POLICIES, MODELS, OVERLAP_POLICIES } from '../../domain/job.ts';
import { PRIORITY_WORDS } from '../../domain/job-input.ts';
import { NAME_RULE } from '../../domain/names.ts';
import type { BulkFilter, BulkRequest, LoginRequest, PreviewRequest, RunRequestBody } from '../contract.ts';
import { COUNT, FLAG, listOf, objectOf, oneOf, orNull, TEXT, TIME } from './schema.ts';
import type { Schema } from './schema.ts';

export const NAME: Schema = { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$', description: NAME_RULE };

export const LOGIN_REQUEST = objectOf<LoginRequest>({ user: { type: 'string', maxLength: 256 }, password: { type: 'string', maxLength: 1024 } });

const PRIORITY: Schema = {
  anyOf: [{ type: 'integer', minimum: 1, maximum: 20 }, oneOf(Object.keys(PRIORITY_WORDS))],
  description: `a whole number from 1 to 20, or ${Object.entries(PRIORITY_WORDS).map(([word, value]) => `${word} (${value})`).join(', ')}`,
};

const MAX_DELAY_MS = 366 * 24 * 3_600_000;

export const RUN_REQUEST = objectOf<RunRequestBody>(
  {
    args: { description: "Text or any JSON value; absent = the job's own" },
    delayMs: { type: 'integer', minimum: 0, maximum: MAX_DELAY_MS },
    priority: PRIORITY,
    workerId: { type: 'string', minLength: 1, maxLength: 256 },
    trigger: oneOf(['manual', 'api'], 'Who asks: a person (the default) or a program'),
  },
  { optional: ['args', 'delayMs', 'priority', 'workerId', 'trigger'] },
);

export const RERUN_REQUEST = objectOf<Pick<RunRequestBody, 'args'>>({ args: { description: "Text or any JSON value; absent = the run's own" } }, { optional: ['args'] });

export const BULK_ACTIONS = ['enable', 'disable', 'pause', 'run', 'tag', 'move', 'delete'] as const;
const TAGS: Schema = { type: 'array', items: { type: 'string', minLength: 1, maxLength: 64 }, maxItems: 50 };

export const BULK_REQUEST = objectOf<BulkRequest>(
  {
    ids: { type: 'array', items: { type: 'string', minLength: 1, maxLength: 256 }, minItems: 1, maxItems: 10_000, description: 'Either these or a filter' },
    filter: objectOf<BulkFilter>(
      { namespace: NAME, app: NAME, q: { type: 'string', maxLength: 200 }, state: oneOf(JOB_STATES), category: oneOf(CATEGORIES), model: oneOf(MODELS), tag: { type: 'string', minLength: 1, maxLength: 64 } },
      { optional: ['namespace', 'app', 'q', 'state', 'category', 'model', 'tag'], description: 'As in the list of jobs; {} = every job' },
    ),
    action: oneOf(BULK_ACTIONS),
    tag: objectOf<{ add: unknown; remove: unknown }>({ add: TAGS, remove: TAGS }, { optional: ['add', 'remove'], description: 'For the action tag' }),
    move: objectOf<{ namespace: string; app: string }>({ namespace: NAME, app: NAME }, { description: 'For the action move' }),
    dryRun: { ...FLAG, description: 'Only count' },
  },
  { optional: ['ids', 'filter', 'tag', 'move', 'dryRun'] },
);

export const PREVIEW_REQUEST = objectOf<PreviewRequest>(
  {
    expression: { type: 'string', maxLength: 1024 },
    timezone: { type: 'string', maxLength: 64, description: "IANA name; absent or empty = the server's zone" },
    dst: oneOf(DST_POLICIES),
    count: { type: 'integer', minimum: 1, maximum: 200, default: 10 },
    from: TIME,
    anchor: { ...TIME, description: 'Where @every counts from' },
  },
  { optional: ['timezone', 'dst', 'count', 'from', 'anchor'] },
);

const DESCRIPTION: Schema = { type: 'string', description: 'Free text' };

/** Checked by the scheduler, like all that follow: these describe, they do not decide. */
export const NAMED_REQUEST: Schema = { type: 'object', properties: { name: NAME, description: DESCRIPTION }, required: ['name'] };
export const NAMED_PATCH: Schema = { type: 'object', properties: { description: DESCRIPTION } };

const JOB_PROPERTIES: Readonly<Record<string, Schema>> = {
  namespace: { ...NAME, default: 'app' },
  app: NAME,
  name: NAME,
  description: DESCRIPTION,
  schedule: {
    type: 'object',
    properties: {
      expression: { ...TEXT, description: 'Cron with 5 or 6 fields, @every, @at, @daily and the like; empty = by hand only' },
      timezone: { ...TEXT, description: "IANA name; empty = the server's zone" },
      startAt: orNull(TIME),
      endAt: orNull(TIME),
      dst: { ...oneOf(DST_POLICIES), default: 'once' },
      jitterMs: COUNT,
    },
  },
  category: oneOf(CATEGORIES),
  model: oneOf(MODELS),
  condition: oneOf(['', ...CONDITIONS], 'Standalone ultra only'),
  args: { description: 'Text or any JSON value, at most 64 kB' },
  maxRunning: { ...COUNT, default: 1, description: 'Not for lite and plus, like overlap, queueLimit, timeoutMs and retry' },
  overlap: { ...oneOf(OVERLAP_POLICIES), default: 'skip' },
  queueLimit: COUNT,
  timeoutMs: { ...COUNT, default: 60_000 },
  retry: {
    type: 'object',
    properties: { attempts: { ...COUNT, default: 1 }, backoff: oneOf(['fixed', 'exponential']), delayMs: COUNT, maxDelayMs: COUNT, on: listOf(oneOf(['fail', 'expired'])) },
  },
  misfire: { type: 'object', properties: { policy: { ...oneOf(MISFIRE_POLICIES), default: 'once' }, windowMs: { ...COUNT, default: 60_000 }, max: COUNT } },
  rate: orNull({ type: 'object', properties: { max: COUNT, perMs: COUNT }, required: ['max', 'perMs'] }),
  priority: { ...PRIORITY, default: 5 },
  state: { ...oneOf(JOB_STATES), default: 'enabled' },
  tags: listOf(TEXT),
};

export const JOB_REQUEST: Schema = { type: 'object', properties: JOB_PROPERTIES, required: ['app', 'name'] };
export const JOB_PATCH: Schema = { type: 'object', properties: JOB_PROPERTIES };
