import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type World } from '../support/world.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

describe.skipIf(!(await canStartProgram()))('a person looks at NATS', () => {
  let world: World;
  let token: string;
  beforeAll(async () => {
    world = await openWorld();
    token = await world.program.api.token();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  function connect() {
    const socket = new WebSocket(`${world.program.url.replace('http', 'ws')}/natsjob/api/live`, ['natsjob', `bearer.${token}`]);
    const frames: Json[] = [];
    socket.on('message', (data) => frames.push(JSON.parse(String(data))));
    const opened = new Promise<void>((resolve, reject) => void socket.once('open', resolve).once('error', reject));
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    return {
      send: (message: unknown) => void opened.then(() => socket.send(JSON.stringify(message))),
      frame: (fits: (frame: Json) => boolean): Promise<Json> => until(() => frames.find(fits), { what: () => `a frame that fits; came ${JSON.stringify(frames).slice(0, 2_000)}` }),
      messages: (): Json[] => frames.flatMap(({ type, items }) => (type === 'messages' ? items : [])),
      async [Symbol.asyncDispose]() {
        socket.terminate();
        await closed;
      },
    };
  }

  test('and sees on a subject what the workers see, also after the connection to NATS was lost', async () => {
    await using live = connect();
    live.send({ watch: 'natsjob.job.start.>' });
    await live.frame(({ type, subject }) => type === 'watching' && subject === 'natsjob.job.start.>');
    const job = await world.job({ maxRunning: 9 });
    const taskId = await job.start();
    const { items: [shown] } = await live.frame(({ type, items }) => type === 'messages' && items.some(({ text }: Json) => text.includes(taskId)));
    expect(shown).toMatchObject({ subject: job.subject('start'), headers: { 'Nats-Msg-Id': taskId }, text: (await job.next(taskId)).text });

    const before = world.program.natsPid()!;
    process.kill(before, 'SIGKILL');
    await until(() => ![undefined, before].includes(world.program.natsPid()), { what: 'NATS to be started again' });
    await world.program.untilReady();
    const again = await job.start();
    await live.frame(({ type, items }) => type === 'messages' && items.some(({ text }: Json) => text.includes(again)));

    live.send({ watch: null });
    await live.frame(({ type, subject }) => type === 'watching' && subject === null);
    const last = await job.start();
    await using other = connect();
    other.send({ watch: '$KV.>' });
    await other.frame(({ type, message }) => type === 'error' && message.startsWith('watch:'));
    expect(live.messages().some(({ text }) => text.includes(last))).toBe(false);
  });

  test('and sends a worker a message with headers', async () => {
    const subject = `natsjob-void.job.start.${NAMESPACE}.tried.by-hand`;
    const answer = await world.program.api.post('/nats/publish', { subject, text: '{"a":"ü"}', headers: { 'X-Trial': 'yes' } });
    expect([answer.status, answer.body]).toEqual([202, {}]);
    const message = await world.worker.next(subject);
    expect([message.text, message.header('X-Trial')]).toEqual(['{"a":"ü"}', 'yes']);
    expect((await world.program.api.post('/nats/publish', { subject: '$KV.natsjob-control.lease', text: '' })).body.errors).toMatchObject([{ field: 'subject' }]);
  });

  test('and reads the buckets key by key: newest values only, nothing deleted, page after page', async () => {
    const { items: buckets } = (await world.program.api.get('/nats/buckets')).body;
    expect(buckets.map(({ name }: Json) => name)).toEqual(['natsjob-definitions', 'natsjob-job-results', 'natsjob-heartbeat', 'natsjob-control']);
    const app = await world.app();
    const jobs = [];
    for (let number = 0; number < 5; number++) jobs.push(await world.job({ app, name: `part-${number}` }));
    await jobs[1]!.change({ description: 'changed' });
    expect((await world.program.api.post('/jobs/bulk', { ids: [jobs[3]!.key], action: 'delete' })).body.done).toBe(1);

    const found: Json[] = [];
    const prefix = `job.${NAMESPACE}.${app}.par`;
    let cursor: string | null = '';
    while (cursor !== null) {
      const { status, body } = await world.program.api.get(`/nats/buckets/natsjob-definitions/entries?prefix=${prefix}&limit=2&cursor=${cursor}`.replace('&cursor=', cursor === '' ? '' : '&cursor='));
      expect(status).toBe(200);
      expect(body.items.length).toBeLessThanOrEqual(2);
      found.push(...body.items);
      cursor = body.nextCursor;
    }
    expect(found.map(({ key }) => key.slice(-6))).toEqual(['part-0', 'part-2', 'part-4', 'part-1']);
    expect(JSON.parse(found[3].text).description).toBe('changed');
    expect(found[3]).toMatchObject({ revision: (await jobs[1]!.get()).version, at: expect.any(String) });
    const { body: control } = await world.program.api.get('/nats/buckets/natsjob-control/entries');
    expect(control.items.map(({ key }: Json) => key.split('.')[0]).toSorted()).toEqual(['job-number', 'lease', 'node-id', 'server']);
    expect((await world.program.api.get(`/nats/buckets/natsjob-definitions/entries?prefix=nothing.like.it`)).body).toEqual({ items: [], nextCursor: null });
  });
});
