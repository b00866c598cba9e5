import type { JobDefinitionBody, JobResource } from '../../../src-core/http/contract.ts';
import { draftOf, valueOf, type ArgsDraft } from '../../parts/args.ts';
import { splitTags } from '../../parts/tags.ts';

export type ScheduleKind = 'cron' | 'every' | 'once' | 'manual';

/** A job as it stands in the editor. A number that cannot be read is NaN. */
export interface JobForm {
  namespace: string;
  app: string;
  name: string;
  description: string;
  tags: string;
  owner: string;
  state: JobResource['state'];
  kind: ScheduleKind;
  /** Of each kind its own text, so that changing one's mind loses nothing. */
  cron: string;
  every: string;
  once: string;
  timezone: string;
  /** ISO time. */
  startAt: string | null;
  endAt: string | null;
  dst: JobResource['schedule']['dst'];
  jitterMs: number;
  misfire: { -readonly [K in keyof JobResource['misfire']]: JobResource['misfire'][K] };
  category: JobResource['category'];
  model: JobResource['model'];
  condition: JobResource['condition'];
  maxRunning: number;
  overlap: NonNullable<JobResource['overlap']>;
  queueLimit: number;
  timeoutMs: number;
  attempts: number;
  backoff: 'fixed' | 'exponential';
  delayMs: number;
  maxDelayMs: number;
  onFail: boolean;
  onExpired: boolean;
  limitsRate: boolean;
  rateMax: number;
  ratePerMs: number;
  priority: number;
  args: ArgsDraft;
}

/** What the server takes for what is absent. */
const DEFAULTS: JobForm = {
  namespace: 'app', app: '', name: '', description: '', tags: '', owner: '', state: 'enabled',
  kind: 'cron', cron: '', every: '10s', once: '', timezone: '', startAt: null, endAt: null, dst: 'once', jitterMs: 0,
  misfire: { policy: 'once', windowMs: 60_000, max: 10 },
  category: 'standalone', model: 'max', condition: '',
  maxRunning: 1, overlap: 'skip', queueLimit: 100, timeoutMs: 60_000,
  attempts: 1, backoff: 'fixed', delayMs: 1000, maxDelayMs: 3_600_000, onFail: true, onExpired: true,
  limitsRate: false, rateMax: 10, ratePerMs: 60_000, priority: 5, args: { kind: 'text', text: '' },
};

/** A new job of that place. */
export function newForm(namespace: string, app: string): JobForm {
  return { ...structuredClone(DEFAULTS), namespace, app, kind: 'every' };
}

export function formOf(job: JobDefinitionBody): JobForm {
  const { schedule, retry, rate, misfire } = job;
  const form = structuredClone(DEFAULTS);
  const { namespace, app, name, description, owner, state, category, model, condition, priority } = job;
  Object.assign(form, { namespace, app, name, description, owner, state, category, model, condition, priority, tags: job.tags.join(', '), args: draftOf(job.args), misfire: { ...misfire } });
  Object.assign(form, readExpression(schedule.expression));
  Object.assign(form, { timezone: schedule.timezone, startAt: schedule.startAt, endAt: schedule.endAt, dst: schedule.dst, jitterMs: schedule.jitterMs });
  form.maxRunning = job.maxRunning ?? form.maxRunning;
  form.overlap = job.overlap ?? form.overlap;
  form.queueLimit = job.queueLimit ?? form.queueLimit;
  form.timeoutMs = job.timeoutMs ?? form.timeoutMs;
  if (retry) {
    const { attempts, backoff, delayMs, maxDelayMs, on } = retry;
    Object.assign(form, { attempts, backoff, delayMs, maxDelayMs, onFail: on.includes('fail'), onExpired: on.includes('expired') });
  }
  if (rate) Object.assign(form, { limitsRate: true, rateMax: rate.max, ratePerMs: rate.perMs });
  return form;
}

function readExpression(expression: string): Partial<JobForm> {
  if (expression === '') return { kind: 'manual' };
  const [, word = '', rest = ''] = /^@(every|at)\s+(.*)$/is.exec(expression) ?? [];
  if (word.toLowerCase() === 'every') return { kind: 'every', every: rest };
  return word === '' ? { kind: 'cron', cron: expression } : { kind: 'once', once: rest };
}

export function expressionOf({ kind, cron, every, once }: JobForm): string {
  const texts = { cron: cron.trim(), every: every.trim() && `@every ${every.trim()}`, once: once.trim() && `@at ${once.trim()}`, manual: '' };
  return texts[kind];
}

export function keepsRuns({ model }: Pick<JobForm, 'model'>): boolean {
  return model !== 'lite' && model !== 'plus';
}

export function choosesWorker({ category, model }: Pick<JobForm, 'category' | 'model'>): boolean {
  return category === 'standalone' && model === 'ultra';
}

/** The models of a category. */
export function modelsOf(category: JobForm['category']): readonly JobForm['model'][] {
  if (category === 'group') return ['pro'];
  return category === 'map' ? ['lite', 'plus', 'max', 'pro'] : ['lite', 'plus', 'max', 'pro', 'ultra'];
}

/** What is sent. */
export function bodyOf(form: JobForm): JobDefinitionBody {
  const { namespace, app, name, description, state, category, model, priority, misfire } = form;
  const { maxRunning, overlap, queueLimit, timeoutMs, attempts, backoff, delayMs, maxDelayMs } = form;
  return {
    namespace: namespace.trim(), app: app.trim(), name: name.trim(), description, owner: form.owner.trim(), state, category, model,
    condition: choosesWorker(form) ? form.condition : '',
    schedule: { expression: expressionOf(form), timezone: form.timezone.trim(), startAt: form.startAt, endAt: form.endAt, dst: form.dst, jitterMs: form.jitterMs },
    misfire: { ...misfire }, rate: form.limitsRate ? { max: form.rateMax, perMs: form.ratePerMs } : null, priority, tags: splitTags(form.tags), args: valueOf(form.args),
    ...(keepsRuns(form) && {
      maxRunning, overlap, queueLimit, timeoutMs,
      retry: { attempts, backoff, delayMs, maxDelayMs, on: [...(form.onFail ? ['fail' as const] : []), ...(form.onExpired ? ['expired' as const] : [])] },
    }),
  };
}
