import { describe, expect, it } from 'vitest';
import { differences, parseDocuments } from '../../../src-main/commands/job-apply.ts';
import { jobFilter, numberOption } from '../../../src-main/commands/options.ts';
import { CleanUp } from '../../../src-main/clean-up.ts';
import { lateApi } from '../../../src-main/late-api.ts';

const NOW = { namespace: 'app', app: 'biz', name: 'a', description: '', schedule: { expression: '@every 1s', timezone: '', startAt: '2027-01-01T08:00:00.000+08:00' }, args: { a: 1, b: 2 }, tags: ['x'], rate: null };

describe('what apply would change', () => {
  it.each([
    ['nothing, when all that is given is so already', { description: '', tags: ['x'] }, {}],
    ['nothing, for part of a group', { schedule: { expression: '@every 1s' } }, {}],
    ['nothing, for the same moment with another offset', { schedule: { startAt: '2027-01-01T00:00:00Z' } }, {}],
    ['never the address', { namespace: 'app', app: 'biz', name: 'a' }, {}],
    ['a field', { description: 'new' }, { description: 'new' }],
    ['a group as a whole', { schedule: { expression: '@every 2s' } }, { schedule: { ...NOW.schedule, expression: '@every 2s' } }],
    ['args as a whole: a field less is another value', { args: { a: 1 } }, { args: { a: 1 } }],
    ['a list', { tags: [] }, { tags: [] }],
    ['null to a group', { rate: { max: 1, perMs: 2 } }, { rate: { max: 1, perMs: 2 } }],
    ['a field nobody knows: the server says so', { colour: 'red' }, { colour: 'red' }],
  ])('%s', (_name, wanted, patch) => {
    expect(differences(wanted, NOW)).toEqual(patch);
  });
});

describe('a file of jobs', () => {
  it('may hold documents, lists and JSON', () => {
    expect(parseDocuments('name: a\n---\n- name: b\n- name: c\n---\n', 'f').map(({ fields }) => fields['name'])).toEqual(['a', 'b', 'c']);
    expect(parseDocuments('{"name": "a", "args": {"x": [1]}}', 'f')[0]?.fields).toEqual({ name: 'a', args: { x: [1] } });
  });

  it.each([
    ['', 'f holds no job.'],
    ['just text', 'f, job 1: must be a group of fields'],
    ['a: [', 'f: '],
  ])('%j is refused', (text, sentence) => {
    expect(() => parseDocuments(text, 'f')).toThrow(sentence);
  });
});

describe('options', () => {
  const context = (options: Record<string, string>) => ({ options: new Map(Object.entries(options)) }) as unknown as Parameters<typeof numberOption>[0];

  it('of a job may be its name or its address', () => {
    expect(jobFilter(context({ job: 'a', namespace: 'n' }))).toEqual({ namespace: 'n', job: 'a' });
    expect(jobFilter(context({ job: 'n.b.a', namespace: 'x' }))).toEqual({ namespace: 'n', app: 'b', job: 'a' });
    expect(() => jobFilter(context({ job: 'a.b' }))).toThrow('--job must be');
  });

  it('that are numbers are whole and within bounds', () => {
    expect(numberOption(context({ limit: '5' }), 'limit', 1, 10)).toBe(5);
    for (const text of ['0', '11', '1.5', '-1', 'x', '']) expect(() => numberOption(context({ limit: text }), 'limit', 1, 10)).toThrow('--limit must be a whole number from 1 to 10');
  });
});

describe('starting and stopping', () => {
  it('ends what was started in reverse, past a step that fails, and only once', async () => {
    const ended: string[] = [];
    const failed: string[] = [];
    const cleanUp = new CleanUp((step) => failed.push(step));
    cleanUp.add('first', () => ended.push('first'));
    cleanUp.add('broken', () => Promise.reject(new Error('x')));
    cleanUp.add('last', async () => ended.push('last'));
    await cleanUp.run();
    await cleanUp.run();
    expect([ended, failed]).toEqual([['last', 'first'], ['broken']]);
  });

  it('refuses calls before there is a scheduler and after, and passes changes on between', async () => {
    const late = lateApi('starting', (why) => new Error(why));
    const seen: unknown[] = [];
    const stopListening = late.api.onChange((change) => seen.push(change));
    await expect(late.api.jobs.get('x')).rejects.toThrow('starting');
    expect(late.api.health()).toMatchObject({ ready: false, problems: ['starting'] });

    let tell: ((change: never) => void) | undefined;
    late.attach({
      jobs: { key: 'k', async get(this: { key: string }, id: string) { return this.key + id; } },
      health: () => ({ ready: true }),
      onChange: (listener: (change: never) => void) => { tell = listener; return () => { tell = undefined; }; },
    } as never);
    expect(await late.api.jobs.get('x')).toBe('kx');
    tell?.('one' as never);
    stopListening();
    tell?.('two' as never);
    expect(seen).toEqual(['one']);

    late.detach('stopping');
    expect(tell).toBeUndefined();
    await expect(late.api.jobs.get('x')).rejects.toThrow('stopping');
  });
});
