import type { AppDefinition, JobDefinition, NamespaceDefinition } from '../domain/job.ts';
import { CATEGORIES, JOB_STATES, MAX_JOB_NUMBER, MODELS, OVERLAP_POLICIES, upToDate } from '../domain/job.ts';
import type { DefinitionChange } from '../ports/index.ts';
import { dispatchRoute, parseDefinitionKey } from '../wire/index.ts';

/**
 * A definition's entry in the bucket is its JSON. Reading one that somebody else wrote: undefined when the key or the
 * value is not a definition of ours. `text` undefined = the entry was deleted.
 */
export function decodeDefinition(key: string, text: string | undefined, version: number): DefinitionChange | undefined {
  const address = parseDefinitionKey(key);
  if (address === undefined) return undefined;
  const value = text === undefined ? null : parseObject(text);
  if (value === undefined) return undefined;
  if (address.kind === 'namespace') {
    if (value !== null && value['name'] !== address.ns) return undefined;
    return { kind: 'namespace', name: address.ns, value: value === null ? null : { ...(value as unknown as NamespaceDefinition), version } };
  }
  if (address.kind === 'app') {
    if (value !== null && value['name'] !== address.app) return undefined;
    return { kind: 'app', namespace: address.ns, name: address.app, value: value === null ? null : { ...(value as unknown as AppDefinition), version } };
  }
  const { ns: namespace, app, job: name } = address;
  if (value === null) return { kind: 'job', namespace, app, name, value: null };
  if (!isJob(value) || value.namespace !== namespace || value.app !== app || value.name !== name) return undefined;
  return { kind: 'job', namespace, app, name, value: { definition: upToDate(value), version } };
}

/** Of what it is: changes with the same one replace each other. */
export function definitionKey(change: DefinitionChange): string {
  if (change.kind === 'namespace') return `namespace ${change.name}`;
  return change.kind === 'app' ? `app ${change.namespace}.${change.name}` : `job ${change.namespace}.${change.app}.${change.name}`;
}

export function encodeDefinition(definition: JobDefinition | NamespaceDefinition | AppDefinition): string {
  return JSON.stringify(definition);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** What the engine relies on without asking again; all else was checked when it was written. */
function isJob(value: Record<string, unknown>): value is Record<string, unknown> & JobDefinition {
  const { number, category, model, schedule, retry, misfire, args, maxRunning, timeoutMs, priority, anchor, tags, rate, state, overlap } = value as Partial<JobDefinition>;
  if (!Number.isInteger(number) || (number as number) < 1 || (number as number) > MAX_JOB_NUMBER) return false;
  if (!CATEGORIES.some((word) => word === category) || !MODELS.some((word) => word === model)) return false;
  if (dispatchRoute(category as JobDefinition['category'], model as JobDefinition['model']) === undefined) return false;
  if (typeof schedule?.expression !== 'string' || typeof schedule.timezone !== 'string' || typeof schedule.jitterMs !== 'number') return false;
  if (!isMomentOrNull(schedule.startAt) || !isMomentOrNull(schedule.endAt)) return false;
  if (!JOB_STATES.some((word) => word === state) || !OVERLAP_POLICIES.some((word) => word === overlap)) return false;
  if (rate !== null && !(Number.isInteger(rate?.max) && (rate?.max as number) >= 1 && typeof rate?.perMs === 'number')) return false;
  if (typeof retry?.attempts !== 'number' || !Array.isArray(retry.on) || typeof misfire?.windowMs !== 'number') return false;
  return [maxRunning, timeoutMs, priority, anchor].every((field) => typeof field === 'number') && typeof args === 'string' && Array.isArray(tags);
}

function isMomentOrNull(value: unknown): boolean {
  return value === null || Number.isFinite(value);
}
