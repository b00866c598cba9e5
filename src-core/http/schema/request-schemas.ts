import { CATEGORIES, DST_POLICIES, JOB_STATES, MAX_ARGS_BYTES, MODELS } from '../../domain/job.ts';
import { PRIORITY_WORDS } from '../../domain/job-input.ts';
import { RUN_STATES, TRIGGERS } from '../../domain/run.ts';
import { NAME_RULE } from '../../domain/names.ts';
import type { BulkFilter, BulkRequest, CancelRequest, CleanRequest, LoginRequest, OneTimeLoginRequest, PasswordRequest, PauseRequest, PreviewRequest, PublishRequest, RunBulkFilter, RunBulkRequest, RunRequestBody, WorkerPatch } from '../contract.ts';
import { FLAG, objectOf, oneOf, TIME } from './schema.ts';
import type { Schema, SchemaOf } from './schema.ts';

export const NAME: Schema = { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$', description: NAME_RULE };

export const LOGIN_REQUEST = objectOf<LoginRequest>({ user: { type: 'string', maxLength: 256 }, password: { type: 'string', maxLength: 1024 } });

export const ONE_TIME_LOGIN_REQUEST = objectOf<OneTimeLoginRequest>({ token: { type: 'string', maxLength: 128 } });

export const PASSWORD_REQUEST = objectOf<PasswordRequest>({ current: { type: 'string', maxLength: 1024 }, password: { type: 'string', minLength: 8, maxLength: 1024 } });

export const PUBLISH_REQUEST = objectOf<PublishRequest>(
  {
    subject: { type: 'string', minLength: 1, maxLength: 512, description: 'Under natsjob.job. or natsjob-void.job., without wildcards' },
    text: { type: 'string', maxLength: 65_536, description: 'At most 65536 bytes' },
    headers: { type: 'object', additionalProperties: { type: 'string' }, description: 'At most 16; those that begin with Nats-, Natsjob- or KV- are not for you' },
  },
  { optional: ['headers'] },
);

export const PRIORITY_FORMS: readonly Schema[] = [{ type: 'integer', minimum: 1, maximum: 20 }, oneOf(Object.keys(PRIORITY_WORDS))];
export const PRIORITY_RULE = `a whole number from 1 to 20, or ${Object.entries(PRIORITY_WORDS).map(([word, value]) => `${word} (${value})`).join(', ')}`;

const MAX_DELAY_MS = 366 * 24 * 3_600_000;

export const RUN_REQUEST = objectOf<RunRequestBody>(
  {
    args: { description: `Text or any JSON value, at most ${MAX_ARGS_BYTES} bytes; absent or null = the job's own` },
    delayMs: { type: 'integer', minimum: 0, maximum: MAX_DELAY_MS, default: 0, description: 'Not for lite and plus' },
    priority: { anyOf: PRIORITY_FORMS, description: PRIORITY_RULE },
    workerId: { type: 'string', minLength: 1, maxLength: 128, description: 'A live worker of the app; standalone ultra only' },
    trigger: { ...oneOf(['manual', 'api'], 'Who asks: a person or a program'), default: 'manual' },
  },
  { optional: ['args', 'delayMs', 'priority', 'workerId', 'trigger'] },
);

export const RERUN_REQUEST = objectOf<Pick<RunRequestBody, 'args'>>({ args: { description: `Text or any JSON value, at most ${MAX_ARGS_BYTES} bytes; absent or null = the run's own` } }, { optional: ['args'] });

export const CANCEL_REQUEST = objectOf<CancelRequest>({ reason: { type: 'string', minLength: 1, maxLength: 200, description: 'Stands on the run; absent = cancelled by hand' } }, { optional: ['reason'] });

export const CLEAN_REQUEST = objectOf<CleanRequest>(
  {
    state: oneOf(RUN_STATES.filter((state) => state !== 'active')),
    olderThanMs: { type: 'integer', minimum: 0, maximum: 366 * 24 * 3_600_000, default: 0, description: 'Ended, or was due, at least so long ago' },
    limit: { type: 'integer', minimum: 1, maximum: 10_000, default: 1_000 },
  },
  { optional: ['olderThanMs', 'limit'] },
);

export const PAUSE_REQUEST = objectOf<PauseRequest>({ until: { ...TIME, description: 'In the future, at most 366 days from now; absent = until resumed' } }, { optional: ['until'] });

export const WORKER_PATCH = objectOf<WorkerPatch>({ drained: FLAG });

export const BULK_ACTIONS = ['enable', 'disable', 'pause', 'run', 'tag', 'move', 'delete'] as const;
const TAGS: Schema = { type: 'array', items: { type: 'string', minLength: 1, maxLength: 64 }, maxItems: 50 };

const BULK_FIELDS = objectOf<BulkRequest>(
  {
    ids: { type: 'array', items: { type: 'string', minLength: 1, maxLength: 256 }, minItems: 1, maxItems: 10_000, description: 'Either these or a filter' },
    filter: objectOf<BulkFilter>(
      { namespace: NAME, app: NAME, q: { type: 'string', maxLength: 200 }, state: oneOf(JOB_STATES), category: oneOf(CATEGORIES), model: oneOf(MODELS), tag: { type: 'string', minLength: 1, maxLength: 64 } },
      { optional: ['namespace', 'app', 'q', 'state', 'category', 'model', 'tag'], description: 'As in the list of jobs; {} = every job' },
    ),
    action: oneOf(BULK_ACTIONS),
    tag: objectOf<{ add: unknown; remove: unknown }>({ add: TAGS, remove: TAGS }, { optional: ['add', 'remove'], description: 'For the action tag, which needs it' }),
    move: objectOf<{ namespace: string; app: string }>({ namespace: NAME, app: NAME }, { description: 'For the action move, which needs it' }),
    dryRun: { ...FLAG, default: false, description: 'Only count' },
  },
  { optional: ['ids', 'filter', 'tag', 'move', 'dryRun'] },
);
export const BULK_REQUEST: SchemaOf<BulkRequest> = { ...BULK_FIELDS, oneOf: [{ required: ['ids'] }, { required: ['filter'] }] };

const PART: Schema = { type: 'string', maxLength: 200 };
const EXACT: Schema = { type: 'string', maxLength: 256 };

const RUN_BULK_FIELDS = objectOf<RunBulkRequest>(
  {
    ids: { type: 'array', items: { type: 'string', minLength: 1, maxLength: 256 }, minItems: 1, maxItems: 1_000, description: 'Either these or a filter' },
    filter: objectOf<RunBulkFilter>(
      {
        namespace: NAME, app: NAME, job: { ...EXACT, description: 'Name of a job, or namespace.app.name' }, state: { type: 'array', items: oneOf(RUN_STATES) }, trigger: { type: 'array', items: oneOf(TRIGGERS) },
        worker: EXACT, from: TIME, to: TIME, reason: PART, monitorStatus: EXACT, monitorPayload: PART, minDurationMs: { type: 'integer', minimum: 0 }, args: PART,
      },
      {
        optional: ['namespace', 'app', 'job', 'state', 'trigger', 'worker', 'from', 'to', 'reason', 'monitorStatus', 'monitorPayload', 'minDurationMs', 'args'],
        description: 'As in the list of runs; the newest 1,000 are meant. To cancel, of the open ones unless it names states',
      },
    ),
    action: oneOf(['cancel', 'rerun']),
    dryRun: { ...FLAG, default: false, description: 'Only count' },
  },
  { optional: ['ids', 'filter', 'dryRun'] },
);
export const RUN_BULK_REQUEST: SchemaOf<RunBulkRequest> = { ...RUN_BULK_FIELDS, oneOf: [{ required: ['ids'] }, { required: ['filter'] }] };

export const PREVIEW_REQUEST = objectOf<PreviewRequest>(
  {
    expression: { type: 'string', maxLength: 256 },
    timezone: { type: 'string', maxLength: 64, default: '', description: "IANA name; empty = the server's zone" },
    dst: { ...oneOf(DST_POLICIES), default: 'once' },
    count: { type: 'integer', minimum: 1, maximum: 200, default: 10 },
    from: { ...TIME, description: 'Fires after this moment; absent = now' },
    anchor: { ...TIME, description: 'Where @every counts from; absent = now' },
  },
  { optional: ['timezone', 'dst', 'count', 'from', 'anchor'] },
);
