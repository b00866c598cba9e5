import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src-core/domain/errors.ts';
import { readJobSpec, readNamed } from '../../../src-core/domain/job-input.ts';
import { patchJobInput } from '../../../src-core/domain/job-patch.ts';
import { checkSchema } from '../../../src-core/http/schema/check-schema.ts';
import { JOB_PATCH, JOB_REQUEST, NAMED_PATCH, NAMED_REQUEST } from '../../../src-core/http/schema/definition-schemas.ts';
import type { Schema } from '../../../src-core/http/schema/schema.ts';
import { aDefinition } from '../../support/job-fixture.ts';

/* The schemas of definitions describe what domain/job-input.ts decides: both must say the same of everything. */

const NAMED = { app: 'biz', name: 'report' };
const bytes = (text: string): number => new TextEncoder().encode(text).length;

interface Leaf {
  readonly path: string;
  readonly schema: Schema;
}

const LEAVES = leavesOf(JOB_REQUEST);

describe('the schema of a job', () => {
  test('lets pass and refuses what the scheduler does, field by field', () => {
    for (const { path, schema } of LEAVES) {
      for (const value of probesOf(schema)) {
        const body = { ...NAMED, ...companions(path, value), ...bodyWith(path, value) };
        expect([path, value, checkSchema(JOB_REQUEST, body).length === 0]).toEqual([path, value, isTaken(() => readJobSpec(body, bytes))]);
      }
    }
  });

  test('requires what the scheduler requires', () => {
    const whole = { ...NAMED, namespace: 'app', rate: { max: 1, perMs: 100 } };
    for (const name of ['namespace', 'app', 'name', 'rate'] as const) {
      const { [name]: _left, ...body } = whole;
      expect([name, checkSchema(JOB_REQUEST, body).length === 0]).toEqual([name, isTaken(() => readJobSpec(body, bytes))]);
    }
    for (const rate of [{ max: 1 }, { perMs: 100 }, {}]) expect([checkSchema(JOB_REQUEST, { ...NAMED, rate }).length, isTaken(() => readJobSpec({ ...NAMED, rate }, bytes))]).toEqual([expect.any(Number), false]);
  });

  test('tells the defaults the scheduler takes', () => {
    const spec = readJobSpec(NAMED, bytes) as unknown as Record<string, unknown>;
    for (const { path, schema } of LEAVES.filter(({ path: at, schema: leaf }) => !(at in NAMED) && leaf.readOnly !== true && !at.startsWith('rate.'))) {
      expect([path, schema.default]).toEqual([path, at(spec, path)]);
    }
  });

  test('of a patch asks for nothing and promises no default', () => {
    expect(checkSchema(JOB_PATCH, {})).toEqual([]);
    expect(leavesOf(JOB_PATCH).map(({ path }) => path)).toEqual(LEAVES.map(({ path }) => path));
    expect(JSON.stringify(JOB_PATCH)).not.toContain('"default"');
    for (const patch of [{}, { priority: null }, { schedule: { expression: null } }, { state: 'paused' }, { rate: { max: 1 } }, { retry: { attempts: 0 } }, { colour: 'red' }]) {
      expect([patch, checkSchema(JOB_PATCH, patch).length === 0]).toEqual([patch, isTaken(() => readJobSpec(patchJobInput(aDefinition(), patch), bytes))]);
    }
  });
});

test.each([
  {}, { name: 'a' }, { name: 'a.b' }, { name: null }, { name: 'a', description: null }, { name: 'a', description: 'x'.repeat(1024) }, { name: 'a', description: 'x'.repeat(1025) }, { name: 'a', description: 5 },
  { name: 'a', version: 3, createdAt: 'x', updatedAt: 'y', namespace: 'app' }, { name: 'a', colour: 'red' }, { description: 'x' },
])('the schemas of namespaces and apps say of %j what the scheduler says', (body) => {
  expect(checkSchema(NAMED_REQUEST, body).length === 0).toBe(isTaken(() => readNamed(body)));
  if (!('name' in body) || body.name === 'a') expect(checkSchema(NAMED_PATCH, body).length === 0).toBe(isTaken(() => readNamed(body, 'a')));
});

function leavesOf(schema: Schema, prefix = ''): Leaf[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, part]) => [
    { path: prefix + name, schema: part }, ...leavesOf(part, `${prefix}${name}.`),
  ]).filter(({ schema: part, path }) => part.properties === undefined || path === 'rate');
}

/** The ends of what the schema allows, and what lies just outside. */
function probesOf(schema: Schema): unknown[] {
  const values: unknown[] = [null, schema.default];
  if (schema.readOnly === true) return [null, 'x', 5, {}];
  const forms = schema.anyOf ?? [schema];
  for (const { minimum, maximum, enum: words, maxLength, maxItems, items, pattern } of forms) {
    if (minimum !== undefined && maximum !== undefined) values.push(minimum - 1, minimum, maximum, maximum + 1, minimum + 0.5, String(minimum));
    if (words !== undefined) values.push(...words, 'no such word', 5);
    if (maxLength !== undefined) values.push('x'.repeat(maxLength), 'x'.repeat(maxLength + 1), '😀'.repeat(Math.floor(maxLength / 2)), 5, {});
    if (maxItems !== undefined) values.push([], Array.from({ length: maxItems + 1 }, (_, index) => items?.enum?.[index % 2] ?? `t${index}`), 'x', [5], ...(items?.enum ?? []).map((word) => [word]), ['']);
    if (items?.maxLength !== undefined) values.push(['x'.repeat(items.maxLength)], ['x'.repeat(items.maxLength + 1)]);
    if (pattern !== undefined) values.push('a', 'x'.repeat(64), 'x'.repeat(65), '', 'a.b', 5);
    if (schema.format === 'date-time') values.push('2027-01-31T09:00:00+08:00', '2027-01-31', 'soon', 5);
  }
  return values.filter((value) => value !== undefined);
}

/** What has to stand beside a value that goes only with certain others. */
function companions(path: string, value: unknown): object {
  if (path === 'category' && value === 'group') return { model: 'pro' };
  return path === 'condition' ? { model: 'ultra' } : {};
}

function bodyWith(path: string, value: unknown): object {
  const [outer, inner] = path.split('.') as [string, string | undefined];
  if (inner === undefined) return { [outer]: value };
  return { [outer]: { ...(outer === 'rate' ? { max: 1, perMs: 100 } : {}), [inner]: value } };
}

function at(value: Record<string, unknown>, path: string): unknown {
  return path.split('.').reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], value);
}

function isTaken(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return false;
  }
}
