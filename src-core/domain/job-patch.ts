import { InvalidInputError } from './errors.ts';
import type { JobDefinition } from './job.ts';
import { formatIso } from './iso-time.ts';
import { keepsRows, MODELS } from './job.ts';

/** A definition as somebody would write it: what readJobSpec reads. Values, not times: epoch ms become ISO text. */
export function jobInputOf(definition: JobDefinition): Record<string, unknown> {
  const { namespace, app, name, description, schedule, category, model, condition, priority, state, tags, owner, misfire, rate } = definition;
  const input: Record<string, unknown> = {
    namespace, app, name, description, category, model, condition, priority, state, tags, owner, misfire, rate,
    schedule: { ...schedule, startAt: isoOf(schedule.startAt), endAt: isoOf(schedule.endAt) },
    args: definition.argsKind === 'json' ? (JSON.parse(definition.args) as unknown) : definition.args,
  };
  if (keepsRows(model)) {
    const { maxRunning, overlap, queueLimit, timeoutMs, retry } = definition;
    Object.assign(input, { maxRunning, overlap, queueLimit, timeoutMs, retry });
  }
  return input;
}

/**
 * The definition with a patch laid over it, to be read by readJobSpec. Objects are patched field by field. What the
 * patched category and model cannot have is dropped if it came from the definition, and refused later if it came from the patch.
 */
export function patchJobInput(definition: JobDefinition, patch: unknown): Record<string, unknown> {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    throw new InvalidInputError([{ field: '(body)', message: 'must be a JSON object' }]);
  }
  const changes = patch as Record<string, unknown>;
  // Without a prototype, a field called __proto__ is one like any other: unknown.
  const base = Object.assign(Object.create(null) as Record<string, unknown>, jobInputOf(definition));
  const model = MODELS.find((word) => word === (changes['model'] ?? base['model']));
  if (model !== undefined && !keepsRows(model)) for (const field of ['maxRunning', 'overlap', 'queueLimit', 'timeoutMs', 'retry']) delete base[field];
  if ((changes['category'] ?? base['category']) !== 'standalone' || model !== 'ultra') delete base['condition'];
  for (const [field, value] of Object.entries(changes)) {
    const old = base[field];
    base[field] = isPlain(old) && isPlain(value) && field !== 'args' && field !== 'rate' ? { ...old, ...value } : value;
  }
  return base;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isoOf(at: number | null): string | null {
  return at === null ? null : formatIso(at);
}
