import type { FieldError } from './errors.ts';
import { InvalidInputError } from './errors.ts';
import { hasUnpairedSurrogate, InputReader } from './input.ts';
import type { JobSchedule, JobSpec, MisfireSettings, RateLimit, RetryPolicy } from './job.ts';
import {
  CATEGORIES, CONDITIONS, DST_POLICIES, JOB_STATES, keepsRows, MAX_ARGS_BYTES, MISFIRE_POLICIES, MODELS, OVERLAP_POLICIES,
} from './job.ts';
import { DEFAULT_NAMESPACE, isValidName, NAME_RULE } from './names.ts';

const MAX_OWNER_LENGTH = 64;
const DAY_MS = 86_400_000;
const FIELDS = [
  'namespace', 'app', 'name', 'description', 'schedule', 'category', 'model', 'condition', 'args', 'maxRunning', 'overlap',
  'queueLimit', 'timeoutMs', 'retry', 'misfire', 'rate', 'priority', 'state', 'tags', 'owner',
];
/** Sent back by somebody who edits what the API gave: accepted, ignored. */
const READ_ONLY = ['id', 'version', 'createdAt', 'updatedAt', 'nextFireAt', 'scheduleWords', 'lastRun', 'running', 'queued'];
/** What lite and plus, which keep no runs, cannot have. */
const ROW_FIELDS = ['maxRunning', 'overlap', 'queueLimit', 'timeoutMs', 'retry'];

export const PRIORITY_WORDS = { low: 1, normal: 5, high: 10, critical: 20 } as const;
export type PriorityWord = keyof typeof PRIORITY_WORDS;

/**
 * Reads a whole job definition as a person sends it (docs/jobs.md). Absent fields take their defaults.
 * `byteLength` counts UTF-8 bytes. Throws InvalidInputError with every violation.
 */
export function readJobSpec(input: unknown, byteLength: (text: string) => number): JobSpec {
  const reader = new InputReader(input, [...FIELDS, ...READ_ONLY]);
  const model = reader.oneOf('model', 'max', MODELS);
  const category = reader.oneOf('category', 'standalone', CATEGORIES);
  const args = readArgs(reader, byteLength);
  const spec: JobSpec = {
    namespace: reader.has('namespace') ? readName(reader, 'namespace') : DEFAULT_NAMESPACE,
    app: readName(reader, 'app'),
    name: readName(reader, 'name'),
    description: reader.text('description', '', 1024),
    schedule: readSchedule(reader.nested('schedule', ['expression', 'timezone', 'startAt', 'endAt', 'dst', 'jitterMs'])),
    category,
    model,
    condition: reader.oneOf('condition', '', ['', ...CONDITIONS]),
    args: args.text,
    argsKind: args.kind,
    maxRunning: reader.whole('maxRunning', 1, 0, 10_000),
    overlap: reader.oneOf('overlap', 'skip', OVERLAP_POLICIES),
    queueLimit: reader.whole('queueLimit', 100, 1, 1_000_000),
    timeoutMs: reader.whole('timeoutMs', 60_000, 100, DAY_MS),
    retry: readRetry(reader.nested('retry', ['attempts', 'backoff', 'delayMs', 'maxDelayMs', 'on'])),
    misfire: readMisfire(reader.nested('misfire', ['policy', 'windowMs', 'max'])),
    rate: readRate(reader),
    priority: readPriority(reader),
    state: reader.oneOf('state', 'enabled', JOB_STATES),
    tags: readTags(reader),
    owner: reader.text('owner', '', MAX_OWNER_LENGTH),
  };
  refuseCombinations(spec, reader);
  throwIfWrong(reader.errors);
  return spec;
}

/** A name and a description: namespaces and apps. `fixedName` = the name comes from the address and may not differ. */
export function readNamed(input: unknown, fixedName?: string): { name: string; description: string | undefined } {
  const reader = new InputReader(input, ['name', 'description', 'namespace', 'version', 'createdAt', 'updatedAt']);
  const name = fixedName ?? readName(reader, 'name');
  if (fixedName !== undefined && reader.has('name') && reader.raw('name') !== fixedName) reader.fail('name', 'cannot be changed');
  const description = reader.has('description') ? reader.text('description', '', 1024) : undefined;
  throwIfWrong(reader.errors);
  return { name, description };
}

/** Arguments as text, from text or any JSON value. */
export function readArgs(reader: InputReader, byteLength: (text: string) => number): { text: string; kind: 'text' | 'json' } {
  if (!reader.has('args')) return { text: '', kind: 'text' };
  const raw = reader.raw('args');
  const kind = typeof raw === 'string' ? 'text' : 'json';
  const text = typeof raw === 'string' ? raw : JSON.stringify(raw);
  if (byteLength(text) > MAX_ARGS_BYTES) reader.fail('args', `must have at most ${MAX_ARGS_BYTES} bytes`);
  else if (kind === 'text') reader.text('args', '', MAX_ARGS_BYTES);
  return { text, kind };
}

export function readPriority(reader: InputReader): number {
  const raw = reader.raw('priority');
  if (typeof raw === 'string' && Object.hasOwn(PRIORITY_WORDS, raw)) return PRIORITY_WORDS[raw as PriorityWord];
  if (reader.has('priority') && typeof raw !== 'number') {
    reader.fail('priority', 'must be a whole number from 1 to 20, or one of low, normal, high, critical');
    return 5;
  }
  return reader.whole('priority', 5, 1, 20);
}

export function throwIfWrong(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw new InvalidInputError(errors);
}

function readName(reader: InputReader, field: string): string {
  const value = reader.raw(field);
  if (isValidName(value)) return value;
  reader.fail(field, reader.has(field) ? `must be ${NAME_RULE}` : `is required: ${NAME_RULE}`);
  return '';
}

function readSchedule(reader: InputReader): JobSchedule {
  const startAt = reader.moment('startAt');
  const endAt = reader.moment('endAt');
  if (startAt !== null && endAt !== null && endAt <= startAt) reader.fail('endAt', 'must be later than startAt');
  return {
    expression: reader.text('expression', '', 256).trim(),
    timezone: reader.text('timezone', '', 64).trim(),
    startAt,
    endAt,
    dst: reader.oneOf('dst', 'once', DST_POLICIES),
    jitterMs: reader.whole('jitterMs', 0, 0, DAY_MS),
  };
}

function readRetry(reader: InputReader): RetryPolicy {
  const on = reader.list('on', 2).filter((word) => {
    const known = word === 'fail' || word === 'expired';
    if (!known) reader.fail('on', 'must hold only fail and expired');
    return known;
  }) as ('fail' | 'expired')[];
  return {
    attempts: reader.whole('attempts', 1, 1, 100),
    backoff: reader.oneOf('backoff', 'fixed', ['fixed', 'exponential']),
    delayMs: reader.whole('delayMs', 1000, 0, DAY_MS),
    maxDelayMs: reader.whole('maxDelayMs', 3_600_000, 0, 7 * DAY_MS),
    on: reader.has('on') ? [...new Set(on)] : ['fail', 'expired'],
  };
}

function readMisfire(reader: InputReader): MisfireSettings {
  return {
    policy: reader.oneOf('policy', 'once', MISFIRE_POLICIES),
    windowMs: reader.whole('windowMs', 60_000, 0, 7 * DAY_MS),
    max: reader.whole('max', 10, 1, 1000),
  };
}

function readRate(reader: InputReader): RateLimit | null {
  if (!reader.has('rate')) return null;
  const rate = reader.nested('rate', ['max', 'perMs']);
  if (!rate.has('max')) rate.fail('max', 'is required: a whole number from 1 to 10000');
  if (!rate.has('perMs')) rate.fail('perMs', 'is required: a whole number of milliseconds from 100 to 86400000');
  return { max: rate.whole('max', 1, 1, 10_000), perMs: rate.whole('perMs', 1000, 100, DAY_MS) };
}

function readTags(reader: InputReader): readonly string[] {
  const tags = reader.list('tags', 20);
  if (tags.some((tag) => typeof tag !== 'string' || tag.trim() === '' || tag.length > 64 || /[\u0000-\u001f]/.test(tag) || hasUnpairedSurrogate(tag))) {
    reader.fail('tags', 'must be texts of 1 to 64 characters');
    return [];
  }
  return [...new Set(tags as string[])];
}

function refuseCombinations(spec: JobSpec, reader: InputReader): void {
  if (spec.category === 'map' && spec.model === 'ultra') reader.fail('model', 'ultra does not exist for category map; use max or pro');
  if (spec.category === 'group' && spec.model !== 'pro') reader.fail('model', 'must be pro for category group: groups are known from heartbeats');
  if (spec.condition !== '' && !(spec.category === 'standalone' && spec.model === 'ultra')) {
    reader.fail('condition', 'is only for standalone ultra jobs: nobody else chooses a worker');
  }
  if (keepsRows(spec.model)) return;
  for (const field of ROW_FIELDS) {
    if (reader.has(field)) reader.fail(field, `is not possible for model ${spec.model}: its runs are sent and forgotten; use max, pro or ultra`);
  }
}
