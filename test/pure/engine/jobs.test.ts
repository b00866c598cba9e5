import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeDefinition, encodeDefinition } from '../../../src-core/engine/definition-codec.ts';
import { Jobs } from '../../../src-core/engine/jobs.ts';
import type { JobDefinition } from '../../../src-core/domain/job.ts';
import { jobKey } from '../../../src-core/wire/index.ts';
import { aDefinition } from '../../support/job-fixture.ts';

const NOW = Date.UTC(2026, 2, 1);

function put(jobs: Jobs, definition: JobDefinition, version = 1): void {
  jobs.apply({ kind: 'job', namespace: definition.namespace, app: definition.app, name: definition.name, value: { definition, version } });
}

function remove(jobs: Jobs, name: string): void {
  jobs.apply({ kind: 'job', namespace: 'app', app: 'biz', name, value: null });
}

function everySecond(part: Parameters<typeof aDefinition>[0] = {}): JobDefinition {
  return aDefinition({ ...part, schedule: { expression: '* * * * * *' } });
}

describe('the registry of jobs', () => {
  test('finds a job by its address and by its number', () => {
    const jobs = new Jobs('UTC');
    put(jobs, aDefinition({ name: 'one', number: 12 }));
    expect(jobs.find('app.biz.one')).toBe(jobs.find('12'));
    expect(jobs.find('app.biz.two')).toBeUndefined();
    expect(jobs.find('13')).toBeUndefined();
  });

  test('reads a definition from before there were owners, from the view and from the bucket', () => {
    const { owner: _owner, ...old } = aDefinition({ name: 'one', number: 12 });
    const jobs = new Jobs('UTC');
    jobs.load([{ definition: old as JobDefinition, version: 1 }]);
    expect(jobs.find('12')?.definition).toEqual(aDefinition({ name: 'one', number: 12 }));
    const read = (value: object) => decodeDefinition(jobKey('app', 'biz', 'one'), JSON.stringify(value), 3);
    expect(read(old)).toMatchObject({ value: { definition: { owner: '' }, version: 3 } });
    expect(read({ ...old, owner: 5 })).toMatchObject({ value: { definition: { owner: '' } } });
    expect(read({ ...old, owner: 'Ops' })).toMatchObject({ value: { definition: { owner: 'Ops' } } });
  });

  test('begins the fires of a job that comes after what is decided', () => {
    const jobs = new Jobs('UTC');
    jobs.decidedThrough = NOW;
    put(jobs, everySecond());
    expect(jobs.fires.nextAt()).toBe(NOW + 1000);
  });

  test('goes on after the moment it is rewound to', () => {
    const jobs = new Jobs('UTC');
    put(jobs, everySecond());
    jobs.rewind(NOW + 500);
    expect(jobs.fires.nextAt()).toBe(NOW + 1000);
  });

  test('holds no fires of a disabled job, and those of a paused one', () => {
    const jobs = new Jobs('UTC');
    jobs.decidedThrough = NOW;
    put(jobs, everySecond({ state: 'disabled' }));
    expect(jobs.fires.nextAt()).toBeUndefined();
    put(jobs, everySecond({ state: 'paused' }));
    expect(jobs.fires.nextAt()).toBe(NOW + 1000);
  });

  test('runs by hand only what somebody wrote past our checks', () => {
    const jobs = new Jobs('UTC');
    put(jobs, aDefinition({ schedule: { expression: 'nonsense', timezone: 'No/Where' } }));
    expect(jobs.byKey('app.biz.report')?.schedule.kind).toBe('manual');
  });

  test('keeps rotation, rate and ids of a job that is changed or moved', () => {
    const jobs = new Jobs('UTC');
    const rate = { max: 1, perMs: 1000 };
    put(jobs, aDefinition({ rate }));
    const before = jobs.byNumber(1)!;
    before.lastWorker = 'w7';
    before.lastByHandMs = NOW;
    before.rate?.take(NOW);
    for (const changed of [aDefinition({ rate, priority: 9 }), aDefinition({ rate, name: 'moved' })]) {
      put(jobs, changed, 2);
      expect(jobs.byNumber(1)).toMatchObject({ lastWorker: 'w7', lastByHandMs: NOW });
      expect(jobs.byNumber(1)?.rate?.freeAt(NOW)).toBe(NOW + 1000);
    }
    put(jobs, aDefinition({ name: 'moved', rate: { max: 2, perMs: 1000 } }), 3);
    expect(jobs.byNumber(1)?.rate?.freeAt(NOW)).toBe(0);
  });

  test('knows a moved job by its new address only', () => {
    const jobs = new Jobs('UTC');
    put(jobs, everySecond({ name: 'old' }));
    put(jobs, everySecond({ name: 'new' }), 2);
    remove(jobs, 'old');
    expect(jobs.byKey('app.biz.old')).toBeUndefined();
    expect(jobs.byNumber(1)?.key).toBe('app.biz.new');
    expect([...jobs.keys.after(undefined)]).toEqual(['app.biz.new']);
    expect(jobs.fires.size).toBe(1);
  });

  test('has the job back at its old address when the move is taken back', () => {
    const jobs = new Jobs('UTC');
    put(jobs, everySecond({ name: 'old' }));
    put(jobs, everySecond({ name: 'old', priority: 9 }), 2);
    put(jobs, everySecond({ name: 'new' }), 3);
    remove(jobs, 'new');
    expect(jobs.byNumber(1)?.definition).toMatchObject({ name: 'old', priority: 9 });
    expect([...jobs.keys.after(undefined)]).toEqual(['app.biz.old']);
    expect(jobs.fires.size).toBe(1);
  });

  test('agrees with a plain map whatever comes and goes', () => {
    const steps = fc.array(fc.record({ name: fc.constantFrom('a', 'b', 'c'), isPut: fc.boolean(), state: fc.constantFrom('enabled', 'disabled') }), { maxLength: 30 });
    fc.assert(fc.property(steps, (all) => {
      const jobs = new Jobs('UTC');
      const numbers: Record<string, number> = { a: 1, b: 2, c: 3 };
      const model = new Map<string, string>();
      for (const { name, isPut, state } of all) {
        if (isPut) put(jobs, everySecond({ name, number: numbers[name] as number, state: state as 'enabled' }));
        else remove(jobs, name);
        if (isPut) model.set(`app.biz.${name}`, state);
        else model.delete(`app.biz.${name}`);
      }
      expect([...jobs.keys.after(undefined)]).toEqual([...model.keys()].sort());
      expect(jobs.size).toBe(model.size);
      expect(jobs.fires.size).toBe([...model.values()].filter((state) => state === 'enabled').length);
    }));
  });
});

describe('definitions in the bucket', () => {
  const good = aDefinition({ rate: { max: 2, perMs: 500 }, schedule: { expression: '* * * * * *', startAt: NOW } });
  const key = jobKey('app', 'biz', 'report');

  test('come back as they were written', () => {
    expect(decodeDefinition(key, encodeDefinition(good), 7)).toEqual({ kind: 'job', namespace: 'app', app: 'biz', name: 'report', value: { definition: good, version: 7 } });
    expect(decodeDefinition(key, undefined, 8)).toEqual({ kind: 'job', namespace: 'app', app: 'biz', name: 'report', value: null });
    const app = { namespace: 'app', name: 'biz', description: 'd', createdAt: 1, updatedAt: 2 };
    expect(decodeDefinition('app.app.biz', encodeDefinition(app), 3)).toMatchObject({ kind: 'app', value: { ...app, version: 3 } });
  });

  test.each([
    ['not JSON', '{'], ['not an object', '[]'], ['null', 'null'], ['another name', JSON.stringify({ ...good, name: 'other' })], ['number 0', JSON.stringify({ ...good, number: 0 })],
    ['map ultra', JSON.stringify({ ...good, category: 'map', model: 'ultra' })], ['an unknown model', JSON.stringify({ ...good, model: 'huge' })], ['no schedule', JSON.stringify({ ...good, schedule: null })],
    ['a rate that is none', JSON.stringify({ ...good, rate: { max: 0, perMs: 'x' } })], ['a start that is no time', JSON.stringify({ ...good, schedule: { ...good.schedule, startAt: 'soon' } })],
    ['a state that is none', JSON.stringify({ ...good, state: 'weird' })],
  ])('are refused: %s', (_what, text) => {
    expect(decodeDefinition(key, text, 1)).toBeUndefined();
  });

  test('never throw, and what is taken can be entered, whatever somebody wrote into one field', () => {
    const fields = fc.constantFrom(...Object.keys(good), ...Object.keys(good.schedule).map((field) => `schedule.${field}`), 'retry.on', 'misfire.max', 'misfire.policy');
    fc.assert(fc.property(fields, fc.jsonValue(), (field, value) => {
      const written = JSON.parse(JSON.stringify(good)) as Record<string, Record<string, unknown>>;
      const [outer, inner] = field.split('.') as [string, string | undefined];
      if (inner === undefined) (written as Record<string, unknown>)[outer] = value;
      else written[outer]![inner] = value;
      const change = decodeDefinition(key, JSON.stringify(written), 1);
      if (change === undefined) return;
      const jobs = new Jobs('UTC');
      jobs.decidedThrough = NOW;
      jobs.apply(change);
      jobs.fires.due(NOW + 5000);
    }), { numRuns: 500 });
  });

  test('with a dst policy that cannot even be shown as text are entered and never fire', () => {
    const change = decodeDefinition(key, JSON.stringify({ ...good, schedule: { ...good.schedule, dst: { toString: {} } } }), 1);
    const jobs = new Jobs('UTC');
    jobs.decidedThrough = NOW;
    if (change !== undefined) jobs.apply(change);
    expect(jobs.fires.size).toBe(0);
  });

  test('never throw for any key and text', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (anyKey, text) => void decodeDefinition(anyKey, text, 1)));
  });
});
