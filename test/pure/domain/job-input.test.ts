import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src-core/domain/errors.ts';
import { readJobSpec } from '../../../src-core/domain/job-input.ts';
import { jobInputOf, patchJobInput } from '../../../src-core/domain/job-patch.ts';
import type { JobDefinition, JobSpec } from '../../../src-core/domain/job.ts';
import { CATEGORIES, MODELS } from '../../../src-core/domain/job.ts';

const NAMED = { namespace: 'app', app: 'biz', name: 'report' };
const bytes = (text: string): number => new TextEncoder().encode(text).length;

function read(input: unknown): JobSpec {
  return readJobSpec(input, bytes);
}

/** Fields of the violations found; empty when there are none. */
function wrong(input: unknown): string[] {
  try {
    read(input);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    for (const { message } of error.errors) expect(message.length).toBeGreaterThan(5);
    return error.errors.map(({ field }) => field);
  }
}

function stored(part: Record<string, unknown> = {}): JobDefinition {
  return { ...read({ ...NAMED, ...part }), number: 1, anchor: 0, createdAt: 0, updatedAt: 0 };
}

describe('a job that names only itself', () => {
  test('has the defaults', () => {
    expect(read(NAMED)).toEqual({
      ...NAMED, description: '', category: 'standalone', model: 'max', condition: '', args: '', argsKind: 'text', maxRunning: 1, overlap: 'skip', queueLimit: 100,
      timeoutMs: 60_000, retry: { attempts: 1, backoff: 'fixed', delayMs: 1000, maxDelayMs: 3_600_000, on: ['fail', 'expired'] },
      misfire: { policy: 'once', windowMs: 60_000, max: 10 }, rate: null, priority: 5, state: 'enabled', tags: [], owner: '',
      schedule: { expression: '', timezone: '', startAt: null, endAt: null, dst: 'once', jitterMs: 0 },
    });
  });

  test('takes null for absent, and ignores what the API gives but nobody sets', () => {
    expect(wrong({ ...NAMED, description: null, rate: null, retry: null, schedule: null, id: '7', version: 3, lastRun: {} })).toEqual([]);
  });
});

describe('each field', () => {
  const text = [5, true, [], {}];
  const number = ['5', true, [], {}, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY];
  const long = (length: number): string => 'x'.repeat(length);
  const rows: Record<string, readonly unknown[]> = {
    namespace: [...text, '', 'a b', 'a.b', '*', '>', 'ä', long(65), 'a\n'],
    app: [...text, '', '$SYS'],
    name: [...text, '', '../x', 'a\0'],
    description: [...text, long(1025), '\ud800', 'a\0b'],
    owner: [...text, long(65), '\ud800', 'a\0b'],
    category: [...text, 'agent', 'STANDALONE', ''],
    model: [...text, 'mega', ''],
    condition: [...text, 'clientBest'],
    args: [long(65_537), 'ä'.repeat(32_769), '\ud800', 'a\0', { big: long(65_536) }],
    maxRunning: [...number, -1, 10_001],
    overlap: [...text, 'wait', ''],
    queueLimit: [...number, 0, 1_000_001],
    timeoutMs: [...number, 99, 86_400_001],
    priority: [...number, 0, 21, 'urgent', ''],
    state: [...text, 'stopped', ''],
    tags: [...number.filter((value) => !Array.isArray(value)), 'a', [5], [''], [' '], [long(65)], ['a\n'], Array.from({ length: 21 }, (_, index) => `t${index}`)],
    schedule: [5, 'x', [], true],
    'schedule.expression': [...text, long(257), '\udfff'],
    'schedule.timezone': [...text, long(65)],
    'schedule.startAt': [...text, 'soon', '2027-01-31', '2027-02-30T00:00:00Z', '2027-01-31T09:00:00'],
    'schedule.endAt': [...text, '2027-13-01T00:00:00Z'],
    'schedule.dst': [...text, 'never'],
    'schedule.jitterMs': [...number, 86_400_001],
    retry: [5, [], 'x'],
    'retry.attempts': [...number, 0, 101],
    'retry.backoff': [...text, 'linear'],
    'retry.delayMs': [...number, 86_400_001],
    'retry.maxDelayMs': [...number, 7 * 86_400_000 + 1],
    'retry.on': [5, 'fail', ['cancelled'], ['fail', 'fail', 'fail']],
    misfire: [5, []],
    'misfire.policy': [...text, 'never'],
    'misfire.windowMs': [...number, 7 * 86_400_000 + 1],
    'misfire.max': [...number, 0, 1001],
    'rate.max': [...number, 0, 10_001, null],
    'rate.perMs': [...number, 99, 86_400_001, null],
  };

  test.each(Object.entries(rows))('%s refuses what it cannot be, by its name', (field, values) => {
    for (const value of values) {
      const [outer, inner] = field.split('.') as [string, string | undefined];
      const base = outer === 'rate' ? { max: 1, perMs: 1000 } : {};
      const given = inner === undefined ? { [outer]: value } : { [outer]: { ...base, [inner]: value } };
      expect([value, wrong({ ...NAMED, ...given })]).toEqual([value, [field]]);
    }
  });

  test.each([5, [], 'x'])('rate %j is no object', (rate) => {
    expect(wrong({ ...NAMED, rate })).toContain('rate');
  });

  test('takes the ends of its range', () => {
    expect(wrong({
      ...NAMED, namespace: 'x'.repeat(64), description: '😀'.repeat(1024), owner: '😀'.repeat(64), args: 'x'.repeat(65_536), maxRunning: 10_000, queueLimit: 1, timeoutMs: 100, priority: 20,
      tags: ['x'.repeat(64)], schedule: { jitterMs: 86_400_000, startAt: '2027-01-31T09:00:00+08:00', endAt: '2027-01-31T01:00:00.001Z' },
      retry: { attempts: 100, delayMs: 0, maxDelayMs: 0, on: [] }, misfire: { windowMs: 0, max: 1000 }, rate: { max: 10_000, perMs: 100 },
    })).toEqual([]);
  });

  test('finds every violation at once, up to fifty', () => {
    expect(wrong({ namespace: 5, app: '', maxRunning: 'x', schedule: { dst: 1 }, colour: 'red' })).toEqual(['colour', 'namespace', 'app', 'name', 'schedule.dst', 'maxRunning']);
    expect(wrong(Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`f${index}`, 1])))).toHaveLength(50);
  });

  test.each([null, 5, 'x', [], true, undefined])('is in an object: %j is none', (input) => {
    expect(wrong(input)[0]).toBe('(body)');
  });

  test('takes names of prototypes for what they are: unknown', () => {
    expect(wrong(JSON.parse('{"namespace":"app","app":"biz","name":"x","__proto__":{"model":"lite"},"constructor":1}'))).toEqual(['__proto__', 'constructor']);
  });
});

describe('words and texts', () => {
  test.each([['low', 1], ['normal', 5], ['high', 10], ['critical', 20]])('priority %s is %i', (word, priority) => {
    expect(read({ ...NAMED, priority: word }).priority).toBe(priority);
  });

  test('arguments stay text, or become the JSON of the value', () => {
    expect(read({ ...NAMED, args: '{"a":1}' })).toMatchObject({ args: '{"a":1}', argsKind: 'text' });
    expect(read({ ...NAMED, args: { a: [1, 'ä'] } })).toMatchObject({ args: '{"a":[1,"ä"]}', argsKind: 'json' });
    expect(read({ ...NAMED, args: 0 })).toMatchObject({ args: '0', argsKind: 'json' });
  });

  test('tags and retry reasons are kept once each', () => {
    expect(read({ ...NAMED, tags: ['a', 'b', 'a'], retry: { on: ['fail', 'fail'] } })).toMatchObject({ tags: ['a', 'b'], retry: { on: ['fail'] } });
  });
});

describe('what does not go together', () => {
  test.each([
    ['map with ultra', { category: 'map', model: 'ultra' }, ['model']],
    ['groups without heartbeats', { category: 'group', model: 'max' }, ['model']],
    ['a condition without ultra', { model: 'pro', condition: 'clientFirst' }, ['condition']],
    ['a condition for a broadcast', { category: 'broadcast', model: 'ultra', condition: 'clientFirst' }, ['condition']],
    ['limits on lite', { model: 'lite', maxRunning: 1, timeoutMs: 1000 }, ['maxRunning', 'timeoutMs']],
    ['queues on plus', { model: 'plus', overlap: 'queue', queueLimit: 5, retry: { attempts: 2 } }, ['overlap', 'queueLimit', 'retry']],
    ['an end before the start', { schedule: { startAt: '2027-01-02T00:00:00Z', endAt: '2027-01-02T00:00:00Z' } }, ['schedule.endAt']],
  ])('is refused by name: %s', (_what, part, fields) => {
    expect(wrong({ ...NAMED, ...part })).toEqual(fields);
  });

  test('leaves every other cell of the table', () => {
    for (const category of CATEGORIES) {
      for (const model of MODELS) {
        const exists = category === 'group' ? model === 'pro' : !(category === 'map' && model === 'ultra');
        expect([category, model, wrong({ ...NAMED, category, model }).length === 0]).toEqual([category, model, exists]);
      }
    }
  });
});

describe('a patch', () => {
  const patched = (definition: JobDefinition, patch: unknown): JobSpec => read(patchJobInput(definition, patch));

  test('changes only what it names, objects field by field', () => {
    const before = stored({ schedule: { expression: '@daily', jitterMs: 5 }, retry: { attempts: 3, delayMs: 7 }, tags: ['a'] });
    const { number: _, anchor: __, createdAt: ___, updatedAt: ____, ...spec } = before;
    expect(patched(before, {})).toEqual(spec);
    expect(patched(before, { schedule: { expression: '@hourly' }, retry: { attempts: 4 } })).toEqual({
      ...spec, schedule: { ...spec.schedule, expression: '@hourly' }, retry: { ...spec.retry, attempts: 4 },
    });
  });

  test('replaces arguments and rate as a whole', () => {
    const before = stored({ args: { a: 1, b: 2 }, rate: { max: 1, perMs: 1000 } });
    expect(patched(before, { args: { a: 3 } }).args).toBe('{"a":3}');
    expect(() => patched(before, { rate: { max: 2 } })).toThrow(InvalidInputError);
    expect(patched(before, { rate: null }).rate).toBeNull();
  });

  test('to a model without rows drops the limits the job had, and refuses those it brings', () => {
    const before = stored({ maxRunning: 4, overlap: 'queue' });
    expect(patched(before, { model: 'plus' }).model).toBe('plus');
    expect(() => patched(before, { model: 'plus', maxRunning: 2 })).toThrow(/maxRunning/);
  });

  test('away from ultra drops the condition', () => {
    expect(patched(stored({ model: 'ultra', condition: 'clientFirst' }), { model: 'pro' }).condition).toBe('');
  });

  test.each([null, 5, 'x', [], true])('is an object: %j is none', (patch) => {
    expect(() => patchJobInput(stored(), patch)).toThrow(InvalidInputError);
  });

  test('cannot reach the prototype', () => {
    expect(() => patched(stored(), JSON.parse('{"__proto__":{"model":"lite"}}'))).toThrow(/__proto__/);
  });
});

describe('for any input', () => {
  const scrap = fc.oneof(fc.jsonValue(), fc.constantFrom('map', 'ultra', 'lite', 'queue', 'clientFirst', '2027-01-01T00:00:00Z', '\ud800', 'x'.repeat(70_000)));
  const fields = ['namespace', 'app', 'name', 'description', 'schedule', 'category', 'model', 'condition', 'args', 'maxRunning', 'overlap', 'queueLimit', 'timeoutMs', 'retry', 'misfire', 'rate', 'priority', 'state', 'tags', 'owner', 'id'];
  const inputs = fc.oneof(scrap, fc.dictionary(fc.constantFrom(...fields, '__proto__'), fc.oneof(scrap, fc.dictionary(fc.constantFrom('expression', 'attempts', 'on', 'max', 'perMs', 'startAt'), scrap))));

  test('it is read, or refused by InvalidInputError', () => {
    fc.assert(fc.property(inputs, (input) => void wrong(typeof input === 'object' && input !== null && !Array.isArray(input) ? { ...NAMED, ...input } : input)), { numRuns: 1000 });
  });

  test('what was read comes back the same from what the API shows', () => {
    const good = fc.record({
      description: fc.string({ unit: 'binary', maxLength: 50 }), owner: fc.string({ maxLength: 40 }), category: fc.constantFrom(...CATEGORIES), model: fc.constantFrom(...MODELS), args: fc.jsonValue(),
      maxRunning: fc.integer({ min: 0, max: 10_000 }), priority: fc.integer({ min: 1, max: 20 }), tags: fc.array(fc.string({ minLength: 1 }), { maxLength: 5 }),
      rate: fc.option(fc.record({ max: fc.integer({ min: 1, max: 100 }), perMs: fc.integer({ min: 100, max: 5000 }) })),
      schedule: fc.record({ expression: fc.string(), startAt: fc.option(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }).map((date) => date.toISOString())) }),
    }, { requiredKeys: [] });
    let readable = 0;
    fc.assert(fc.property(good, (part) => {
      const input = { ...NAMED, ...part };
      if (wrong(input).length > 0) return;
      readable++;
      const definition = stored(part);
      expect(stored(jobInputOf(definition))).toEqual(definition);
      expect(stored(patchJobInput(definition, {}))).toEqual(definition);
    }), { numRuns: 1000 });
    expect(readable).toBeGreaterThan(100);
  });
});
