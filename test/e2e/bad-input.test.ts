import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expectProblem, LONE, putAt, WRONG_NAMES, WRONG_OF_JOB, type Wrong } from '../support/bad-values.ts';
import type { ApiAnswer } from '../support/program-api.ts';
import { canStartProgram } from '../support/program.ts';
import { NAMESPACE, openWorld, type TestJob, type World } from '../support/world.ts';

const INJECTIONS = ["'; DROP TABLE runs; --", '<script>alert(1)</script>', 'natsjob.>', '*', '../../etc/passwd', 'a\r\nSet-Cookie: x=1', '%00', '\u202e\u0007', '{{7*7}}'];

describe.skipIf(!(await canStartProgram()))('bad input', () => {
  let world: World;
  let nats: NatsConnection;
  let job: TestJob;
  let stored: number;
  beforeAll(async () => {
    world = await openWorld();
    nats = await connect({ servers: world.program.natsUrl });
    job = await world.job();
  });
  afterAll(async () => {
    await nats.close();
    await world[Symbol.asyncDispose]();
  });
  const api = (): World['program']['api'] => world.program.api;
  const job0 = (fields: Record<string, unknown> = {}): Record<string, unknown> => ({ namespace: NAMESPACE, app: job.app, name: 'refused', ...fields });
  const ifMatch = async (): Promise<Record<string, string>> => ({ 'if-match': `"${(await job.get()).version}"` });

  describe('is named and not stored', () => {
    beforeEach(async () => {
      stored = await definitionsWritten(nats);
    });
    afterEach(async () => {
      expect(await definitionsWritten(nats)).toBe(stored);
      expect(world.program.output()).not.toContain('"A request failed."');
    });

    test.each(WRONG_OF_JOB)('in $field of a job, whether created, replaced or changed', async ({ field, values }: Wrong) => {
      const headers = await ifMatch();
      const address = { namespace: NAMESPACE, app: job.app, name: job.name };
      for (const value of values) {
        expectProblem(await api().post('/jobs', putAt(job0(), field, value)), 400, field, value);
        expectProblem(await api().put(`/jobs/${job.key}`, putAt(address, field, value), headers), 400, field, value);
        expectProblem(await api().patch(`/jobs/${job.key}`, putAt({}, field, value), headers), 400, field, value);
      }
    });

    test.each(['namespace', 'app', 'name'])('in the %s of a job, wildcards of NATS among them', async (field) => {
      for (const value of WRONG_NAMES) {
        expectProblem(await api().post('/jobs', job0({ [field]: value })), 400, field, value);
        expectProblem(await api().patch(`/jobs/${job.key}`, { [field]: value ?? '' }, await ifMatch()), 400, field, value);
      }
    });

    test.each(['/namespaces', `/namespaces/${NAMESPACE}/apps`])('in name and description of what is created at %s', async (path) => {
      for (const value of WRONG_NAMES) expectProblem(await api().post(path, { name: value }), 400, 'name', value);
      for (const value of [1, [], {}, true, 'x'.repeat(1025), '\0', LONE]) expectProblem(await api().post(path, { name: 'refused', description: value }), 400, 'description', value);
      expectProblem(await api().post(path, { name: 'refused', colour: 'red' }), 400, 'colour');
      for (const body of [[], 'text', 1, null]) expectProblem(await api().post(path, body), 400);
    });

    test('in a path', async () => {
      for (const value of ['*', '>', 'a.b', '%2e%2e%2fetc', '%00', 'a%0d%0ab', '%ff', 'x'.repeat(65), '%ED%A0%80']) {
        for (const path of [`/namespaces/${value}`, `/namespaces/${NAMESPACE}/apps/${value}`, `/jobs/${value}`, `/runs/${value}`, `/jobs/${value}/explain`, `/runs/${value}/events`]) {
          expectProblem(await api().get(path), 400);
        }
      }
      expectProblem(await api().post(`/servers/${encodeURIComponent("x' OR 1=1")}/step-down`), 404);
    });

    test('in a query', async () => {
      const wrong: Record<string, readonly string[]> = {
        '/jobs': ['namespace=*', 'app=a.b', 'state=on', 'category=x', 'model=mega', 'limit=0', 'limit=201', 'limit=x', 'limit=', 'cursor=zz', 'colour=red', 'limit=1&limit=2', 'q=%FF', `q=${'x'.repeat(201)}`],
        '/runs': ['namespace=%3E', 'app=%00', 'job=a.b', 'state=done', 'trigger=x', 'from=yesterday', 'to=2026-02-30T00:00:00Z', 'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'cursor=1', `reason=${'x'.repeat(201)}`, 'status=x'],
        [`/jobs/${job.key}/skips`]: ['from=1', 'limit=-1', 'cursor=x'],
        [`/jobs/${job.key}/stats`]: ['bucketMs=1', 'bucketMs=90000', 'bucketMs=60000&from=2020-01-01T00:00:00Z', 'to=x'],
        '/workers': ['namespace=*', 'app=%F0'],
        '/overview': ['namespace=a%20b'],
      };
      for (const [path, queries] of Object.entries(wrong)) {
        for (const query of queries) expectProblem(await api().get(`${path}?${query}`), 400, query.includes('&to=') ? 'to' : query.split('=')[0]);
      }
    });

    test('in what is asked of a run by hand', async () => {
      const wrong: readonly Wrong[] = [
        { field: 'args', values: ['x'.repeat(65_537), 'ü'.repeat(32_769), ['x'.repeat(65_536)], '\0', LONE] },
        { field: 'delayMs', values: [-1, 1.5, '5', 366 * 86_400_000 + 1, true, []] },
        { field: 'priority', values: [0, 21, 1.5, 'urgent', {}] },
        { field: 'workerId', values: [1, '', 'x'.repeat(300), '*', 'nobody', '\0', LONE] },
        { field: 'trigger', values: ['schedule', 1, ''] },
        { field: 'arg', values: [1] },
      ];
      for (const { field, values } of wrong) {
        for (const value of values) expectProblem(await api().post(`/jobs/${job.key}/run`, { [field]: value }), 400, field, value);
      }
      expectProblem(await api().post(`/jobs/${job.key}/run`, []), 400);
      expect(job.dispatched()).toEqual([]);
    });

    test('in a bulk request', async () => {
      const one = { ids: [job.key] };
      const wrong: readonly (readonly [field: string, body: unknown])[] = [
        ['ids', { action: 'enable' }], ['ids', { ...one, filter: {}, action: 'enable' }], ['ids', { ids: [], action: 'enable' }], ['ids[0]', { ids: [1], action: 'enable' }],
        ['ids', { ids: 'x', action: 'enable' }], ['filter', { filter: 'all', action: 'enable' }], ['filter.namespace', { filter: { namespace: '>' }, action: 'delete' }],
        ['filter.nme', { filter: { nme: 'x' }, action: 'delete' }], ['filter.state', { filter: { state: 'x' }, action: 'delete' }], ['action', one], ['action', { ...one, action: 'explode' }],
        ['tag', { ...one, action: 'tag' }], ['tag', { ...one, action: 'tag', tag: {} }], ['tag.add', { ...one, action: 'tag', tag: { add: 'x' } }], ['tag.add[0]', { ...one, action: 'tag', tag: { add: [''] } }],
        ['tag', { ...one, action: 'enable', tag: { add: ['x'] } }], ['move', { ...one, action: 'move' }], ['move.app', { ...one, action: 'move', move: { namespace: 'app', app: '*' } }],
        ['move.app', { ...one, action: 'move', move: { namespace: 'app' } }], ['dryRun', { ...one, action: 'delete', dryRun: 'yes' }], ['force', { ...one, action: 'delete', force: true }],
      ];
      for (const [field, body] of wrong) expectProblem(await api().post('/jobs/bulk', body), 400, field, body);
    });

    test('in a preview', async () => {
      const wrong: readonly Wrong[] = [
        { field: 'expression', values: [undefined, 1, [], '* * *', '99 * * * * *', '0 0 30 2 *', '@every 0s', '@every 1', 'x'.repeat(1025), '\0', ...INJECTIONS.filter((text) => text !== '*')] },
        { field: 'timezone', values: [1, 'Mars/Phobos', '../../etc/passwd', 'x'.repeat(65), '\0', LONE] },
        { field: 'dst', values: ['twice', 1] },
        { field: 'count', values: [0, 201, 1.5, '5', -1] },
        { field: 'from', values: ['now', 1, '2026-13-01T00:00:00Z', '2026-01-01'] },
        { field: 'anchor', values: ['now', 1] },
        { field: 'zone', values: ['UTC'] },
      ];
      for (const { field, values } of wrong) {
        for (const value of values) expectProblem(await api().post('/schedule/preview', { expression: '@daily', [field]: value }), 400, field, value);
      }
    });

    test('in a login, which says nothing of what exists', async () => {
      for (const field of ['user', 'password']) {
        for (const value of [undefined, null, 1, [], {}, 'x'.repeat(2000)]) {
          expectProblem(await api().post('//natsjob/api/login', { user: 'tester', password: 'x', [field]: value }), 400, field, value);
        }
      }
      const answers = [await api().post('//natsjob/api/login', { user: "' OR 1=1 --", password: LONE }), await api().post('//natsjob/api/login', { user: 'tester', password: '\0' })];
      for (const answer of answers) expectProblem(answer, 401);
      expect(answers[0]?.body).toEqual(answers[1]?.body);
    });
  });

  test('free text is kept as it came, whatever it would mean elsewhere', async () => {
    for (const text of [...INJECTIONS, '𝄞 ü \u2028', 'x'.repeat(1024)]) {
      const kept = await world.job({ app: job.app, description: text, args: text });
      expect(await kept.get()).toMatchObject({ description: text, args: text });
      const taskId = await kept.start();
      expect((await kept.next(taskId)).task.jobArgs).toBe(text);
      await world.worker.answer(kept.dispatched(taskId)[0]!, { status: 'fail', reason: text });
      expect(await world.untilState(taskId, 'failed')).toMatchObject({ reason: text.slice(0, 1024), args: text });
      const found = await api().get(`/jobs?q=${encodeURIComponent(text.slice(0, 200))}`);
      expect(found.body.items.map(({ name }: { name: string }) => name)).toContain(kept.name);
    }
  });

  describe('a body', () => {
    const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
    const send = (body: Buffer | string, type = 'application/json'): Promise<ApiAnswer> => api().raw('POST', '/jobs', body, { 'content-type': type });

    test.each([
      ['is invalid UTF-8', bytes('{"name":"\xff\xfe"}')],
      ['is UTF-16', Buffer.from('{"name":"a"}', 'utf16le')],
      ['holds an encoded surrogate', bytes('{"name":"\xed\xa0\x80"}')],
      ['ends too early', '{"name":"a"'],
      ['is no JSON', 'name=a&app=b'],
      ['is empty', ''],
      ['is nested without end', '['.repeat(100_000)],
      ['is nested deep', `${'[['.repeat(100)}${']]'.repeat(100)}`],
      ['names __proto__', '{"__proto__":{"name":"a"}}'],
      ['holds a number that would be rounded', '{"args":12345678901234567890}'],
    ])('that %s is refused', async (_what, body) => {
      expectProblem(await send(body), 400);
    });

    test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json; charset=latin1', 'application/xml', '*/*'])('of type %s is refused', async (type) => {
      expectProblem(await send('{}', type), 415, 'Content-Type');
    });

    test.each(['/jobs', '/namespaces', '/jobs/bulk', '/schedule/preview', '//natsjob/api/login'])('of 10 MB is too large for %s', async (path) => {
      expectProblem(await api().raw('POST', path, `{"description":"${'x'.repeat(10_000_000)}"}`, { 'content-type': 'application/json' }), 413);
      const parts = ReadableStream.from((async function* () {
        for (let sent = 0; sent < 10_000_000; sent += 65_536) yield Buffer.alloc(65_536, ' ');
      })());
      expectProblem(await api().raw('POST', path, parts, { 'content-type': 'application/json' }), 413);
      expect((await api().get('/me')).status).toBe(200);
    });
  });
});

/** Last sequence of the definitions in NATS: it grows with whatever is written there, deletions included. */
async function definitionsWritten(nats: NatsConnection): Promise<number> {
  const info = await nats.request('$JS.API.STREAM.INFO.KV_natsjob-definitions', '', { timeout: 60_000 });
  return info.json<{ state: { last_seq: number } }>().state.last_seq;
}
