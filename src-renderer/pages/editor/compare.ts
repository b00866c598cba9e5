import type { JobDefinitionBody } from '../../../src-core/http/contract.ts';

/** Fields that are compared and chosen as one. */
const WHOLE = new Set(['args', 'tags', 'rate', 'retry.on']);

export interface FieldChange {
  /** As in the API: `schedule.expression`. */
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

export interface FieldConflict {
  readonly field: string;
  readonly base: unknown;
  readonly theirs: unknown;
  readonly mine: unknown;
}

type Flat = ReadonlyMap<string, unknown>;

export function changesOf(from: JobDefinitionBody, to: JobDefinitionBody): readonly FieldChange[] {
  const before = flatten(from);
  const after = flatten(to);
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((field) => !same(before.get(field), after.get(field)))
    .map((field) => ({ field, from: before.get(field), to: after.get(field) }));
}

/** Fields that both have changed, and differently, since `base`. */
export function conflictsOf(base: JobDefinitionBody, theirs: JobDefinitionBody, mine: JobDefinitionBody): readonly FieldConflict[] {
  const mineByField = new Map(changesOf(base, mine).map((change) => [change.field, change]));
  return changesOf(base, theirs).flatMap(({ field, from, to }) => {
    const own = mineByField.get(field);
    return own === undefined || same(own.to, to) ? [] : [{ field, base: from, theirs: to, mine: own.to }];
  });
}

/** Theirs with my changes laid over it, but not of the fields where theirs is preferred. */
export function merge(base: JobDefinitionBody, theirs: JobDefinitionBody, mine: JobDefinitionBody, preferTheirs: ReadonlySet<string>): JobDefinitionBody {
  const merged = structuredClone(theirs) as unknown as Record<string, unknown>;
  for (const { field, to } of changesOf(base, mine)) {
    if (preferTheirs.has(field)) continue;
    const names = field.split('.');
    const last = names.pop()!;
    let place = merged;
    for (const name of names) place = (place[name] ??= {}) as Record<string, unknown>;
    if (to === undefined) delete place[last];
    else place[last] = to;
  }
  return merged as unknown as JobDefinitionBody;
}

export function valueAt(body: unknown, field: string): unknown {
  return field.split('.').reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], body);
}

/** As the person reads it. */
export function showValue(value: unknown): string {
  if (value === undefined || value === null || value === '') return '–';
  return typeof value === 'string' ? value : Array.isArray(value) && value.every((item) => typeof item === 'string') ? value.join(', ') || '–' : JSON.stringify(value);
}

function flatten(body: JobDefinitionBody): Flat {
  const flat = new Map<string, unknown>();
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null || WHOLE.has(path)) flat.set(path, value);
    else for (const [name, inner] of Object.entries(value)) walk(inner, path === '' ? name : `${path}.${name}`);
  };
  walk(body, '');
  return flat;
}

/** Times are the same when their moments are, however they are written. */
function same(a: unknown, b: unknown): boolean {
  if (JSON.stringify(a) === JSON.stringify(b)) return true;
  return typeof a === 'string' && typeof b === 'string' && /^\d{4}-\d\d-\d\dT/.test(a) && Date.parse(a) === Date.parse(b);
}
