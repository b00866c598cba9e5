import type { JobDefinitionBody, OwnOptionsResource } from '../../src-core/http/contract.ts';
import type { Messages } from '../i18n/index.svelte.ts';
import { formatDuration } from '../lib/format.ts';

/** The fields of a definition one below the other: `retry.attempts`. Args stay whole; what is absent is not there. */
export function fieldsOf(definition: JobDefinitionBody | OwnOptionsResource): ReadonlyMap<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const [name, value] of Object.entries(definition)) {
    if ((name === 'schedule' || name === 'retry' || name === 'misfire') && isObject(value)) {
      for (const [inner, one] of Object.entries(value)) fields.set(`${name}.${inner}`, one);
    } else if (value !== undefined) fields.set(name, value);
  }
  return fields;
}

/** Names of the fields in which two definitions differ. */
export function differences(before: JobDefinitionBody | null, after: JobDefinitionBody | null): readonly string[] {
  const [old, young] = [before ? fieldsOf(before) : new Map<string, unknown>(), after ? fieldsOf(after) : new Map<string, unknown>()];
  return [...new Set([...young.keys(), ...old.keys()])].filter((name) => JSON.stringify(old.get(name)) !== JSON.stringify(young.get(name)));
}

/** Whether a field says anything, given the others. */
export function matters(name: string, { retry, overlap, misfire, schedule }: Partial<JobDefinitionBody>): boolean {
  if (name.startsWith('retry.') && name !== 'retry.attempts') return (retry?.attempts ?? 1) > 1 && (name !== 'retry.maxDelayMs' || retry?.backoff === 'exponential');
  if (name === 'queueLimit') return overlap === 'queue';
  if (name === 'misfire.max') return misfire?.policy === 'all';
  if (name === 'misfire.windowMs') return misfire?.policy !== 'skip';
  if (name === 'schedule.jitterMs') return (schedule?.jitterMs ?? 0) > 0;
  return !name.startsWith('schedule.') && !name.startsWith('misfire.') || schedule?.expression !== '';
}

/** A field's value as a person reads it. */
export function fieldText(name: string, value: unknown, t: Messages): string {
  if (value === null || value === undefined || value === '') return '';
  if (name === 'args') return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  if (name.endsWith('Ms') && typeof value === 'number') return formatDuration(value);
  if (Array.isArray(value)) return value.map((one) => (name === 'retry.on' ? t.states.answer[String(one)] ?? String(one) : String(one))).join(', ');
  if (isObject(value)) return name === 'rate' ? t.job.rateFacts(Number(value['max']), formatDuration(Number(value['perMs']))) : JSON.stringify(value);
  return wordsOf(name, t)?.[String(value)] ?? String(value);
}

function wordsOf(name: string, t: Messages): Readonly<Record<string, string>> | undefined {
  const words: Record<string, Readonly<Record<string, string>>> = {
    state: t.states.job, category: t.states.category, model: t.states.model, condition: t.states.condition,
    overlap: t.job.overlap, 'misfire.policy': t.job.misfire, 'schedule.dst': t.job.dst, 'retry.backoff': t.job.backoff,
  };
  return words[name];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
