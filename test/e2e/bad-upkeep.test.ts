import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectProblem, LONE, WRONG_NAMES } from '../support/bad-values.ts';
import { canStartProgram } from '../support/program.ts';
import { NAMESPACE, openWorld, type World } from '../support/world.ts';

const SUBJECT = `natsjob-void.job.start.${NAMESPACE}.tried.by-hand`;

describe.skipIf(!(await canStartProgram()))('bad input to what a person looks after the program with', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());
  afterEach(() => {
    expect(world.program.output()).not.toContain('"A request failed."');
  });
  const api = (): World['program']['api'] => world.program.api;

  test('is named in a message to be tried, which is not sent', async () => {
    const wrong: readonly (readonly [field: string, fields: Record<string, unknown>])[] = [
      ...[undefined, null, 1, [], {}, '', 'x', 'natsjob.job', 'natsjob.job.', 'natsjob.job.*', 'natsjob.job.>', 'natsjob.job.start.a..c', 'natsjob.job.start.a b.c', 'natsjob.job.start.\0', `natsjob.job.${LONE}`, 'natsjob.job.start.a\r\nPUB x 0',
        'natsjob.run.accepted.a.b.c', 'NATSJOB.job.start', 'natsjob-void.run.x', '$JS.API.STREAM.DELETE.natsjob', '$KV.natsjob-control.lease', '$SYS.REQ.SERVER.PING', '_INBOX.x', `natsjob.job.${'x.'.repeat(300)}y`].map((subject) => ['subject', { subject }] as const),
      ...[undefined, null, 1, [], {}, 'x'.repeat(65_537), 'ü'.repeat(32_769), LONE].map((text) => ['text', { text }] as const),
      ...[1, [], 'x', null, Object.fromEntries(Array.from({ length: 17 }, (_, number) => [`h${number}`, 'x']))].map((headers) => ['headers', { headers }] as const),
      ...['', 'a b', 'a:b', 'ü', 'a\r\nb', '\0', 'x'.repeat(65), 'Nats-Msg-Id', 'nats-expected-last-sequence', 'Natsjob-Term', 'KV-Operation'].map((name) => [`headers.${name}`.slice(0, 72), { headers: { [name]: 'x' } }] as const),
      ...[1, null, [], {}, 'a\r\nb', 'a\nb', '\0', LONE, 'x'.repeat(1025)].map((value) => ['headers.a', { headers: { a: value } }] as const),
      ['reply', { reply: '_INBOX.x' }],
    ];
    for (const [field, fields] of wrong) expectProblem(await api().post('/nats/publish', { subject: SUBJECT, text: '', ...fields }), 400, field, fields);
    for (const body of [[], 'text', 1, null]) expectProblem(await api().post('/nats/publish', body), 400);
    await api().post('/nats/publish', { subject: SUBJECT, text: 'the first that is sent' });
    expect((await world.worker.next(() => true)).text).toBe('the first that is sent');
  });

  test('is none of a message to be tried that the worker gets as it was written', async () => {
    const token = fc.oneof(fc.constantFrom('a', 'Z-0', 'x=_'), fc.string({ unit: fc.constantFrom(...'aZ0-_=/\\.*>$#ü "\''), minLength: 1, maxLength: 8 }));
    const message = fc.record({
      subject: fc.tuple(fc.constantFrom('natsjob.job', 'natsjob-void.job'), fc.array(token, { maxLength: 5 })).map(([root, rest]) => [root, 'fuzz', ...rest].join('.')),
      text: fc.string({ unit: 'binary', maxLength: 200 }),
      headers: fc.oneof(fc.constant({}), fc.dictionary(fc.string({ unit: 'binary-ascii', maxLength: 8 }), fc.string({ unit: 'binary', maxLength: 20 }), { maxKeys: 3 })),
    });
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(message, async (given) => {
        const answer = await api().post('/nats/publish', given);
        if (answer.status === 400) return void expectProblem(answer, 400, answer.body.errors[0].field);
        expect(answer.status).toBe(202);
        sent++;
        const got = await world.worker.next(given.subject);
        expect(got.text).toBe(given.text);
        // White space around a value is not part of it, as in HTTP.
        for (const [name, value] of Object.entries(given.headers)) expect(got.header(name), JSON.stringify(given)).toBe(value.trim());
      }),
      { numRuns: 150 },
    );
    expect(sent).toBeGreaterThan(5);
    const job = await world.job();
    expect((await job.next(await job.start())).task).toBeDefined();
  });

  test('is named in a change of the password, before it is said who gives it', async () => {
    for (const field of ['current', 'password']) {
      for (const value of [undefined, null, 1, [], {}, true, 'x'.repeat(1025)]) expectProblem(await api().post('/me/password', { current: 'x', password: 'long enough', [field]: value }), 400, field, value);
    }
    for (const value of ['', 'seven77']) expectProblem(await api().post('/me/password', { current: 'x', password: value }), 400, 'password', value);
    expectProblem(await api().post('/me/password', { current: 'x', password: 'long enough', user: 'root' }), 400, 'user');
    expectProblem(await api().post('/me/password', { current: '\0', password: `${LONE} long enough` }), 409);
  });

  test('is named in what is said of a worker, and in its address', async () => {
    const app = await world.app();
    await world.stayLive(app, 'w1');
    const place = `/workers/${NAMESPACE}/${app}`;
    for (const value of [undefined, null, 1, 'true', [], {}]) expectProblem(await api().patch(`${place}/w1`, { drained: value }), 400, 'drained', value);
    expectProblem(await api().patch(`${place}/w1`, { drained: true, weight: 0 }), 400, 'weight');
    for (const id of ['*', '>', 'a.b', '%00', 'a%20b', '%0d%0a', 'x'.repeat(129)]) expectProblem(await api().patch(`${place}/${id}`, { drained: true }), 400, 'id', id);
    for (const id of ['nobody', 'constructor', '__proto__', '%24KV', '..%2f..%2fx'.replaceAll('.', '')]) expectProblem(await api().patch(`${place}/${id}`, { drained: true }), 404);
    for (const name of WRONG_NAMES) {
      if (typeof name !== 'string' || name === '' || name === LONE) continue;
      expectProblem(await api().patch(`/workers/${encodeURIComponent(name)}/${app}/w1`, { drained: true }), 400, 'namespace', name);
    }
    expect((await api().get(`/workers?namespace=${NAMESPACE}&app=${app}`)).body.items).toMatchObject([{ id: 'w1', drained: false }]);
  });

  test('is named in what is looked for in a bucket', async () => {
    const entries = '/nats/buckets/natsjob-definitions/entries';
    for (const bucket of ['natsjob', 'KV_natsjob-definitions', '*', '%3E', 'natsjob-secrets', '__proto__', '%00']) expectProblem(await api().get(`/nats/buckets/${bucket}/entries`), 400, 'bucket', bucket);
    for (const query of ['prefix=*', 'prefix=a.%3E', 'prefix=.a', 'prefix=a..b', 'prefix=a%20b', 'prefix=%00', 'prefix=%FF', `prefix=${'x'.repeat(257)}`, 'limit=0', 'limit=201', 'limit=1e2', 'cursor=x', 'cursor=', 'after=3', 'prefix=a&prefix=b']) {
      expectProblem(await api().get(`${entries}?${query}`), 400, query.split('=')[0], query);
    }
    for (const sequence of ['0', '9999999999999999']) {
      const cursor = Buffer.from(JSON.stringify([1, 'bucket-entries', sequence])).toString('base64url');
      expect((await api().get(`${entries}?cursor=${cursor}`)).status).toBe(200);
    }
    for (const place of ['-1', '1.5', '1e3', "1' OR 1=1", '99999999999999999', 5, null]) {
      expectProblem(await api().get(`${entries}?cursor=${Buffer.from(JSON.stringify([1, 'bucket-entries', place])).toString('base64url')}`), 400, 'cursor', place);
    }
  });

  test.each(['/database/backup', '/nats/ping', '/sessions/revoke'])('is anything that %s is told', async (path) => {
    for (const body of [{ name: '../x' }, [1], 'text', 1, null]) expectProblem(await api().post(path, body), 400);
    expectProblem(await api().post(`${path}?name=x`), 400, 'name');
    expectProblem(await api().raw('POST', path, 'x'.repeat(10_000_000), { 'content-type': 'application/json' }), 413);
    expectProblem(await api().get(path), 405);
  });

  test.each(['/settings', '/database', '/diagnostics', '/nats/buckets'])('is a parameter of %s, and whoever has no token', async (path) => {
    expectProblem(await api().get(`${path}?secret=1`), 400, 'secret');
    expectProblem(await api().get(`//natsjob/api${path}`), 401);
    expectProblem(await api().get(path, { authorization: 'Bearer x' }), 401);
  });
});
