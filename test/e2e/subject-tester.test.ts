import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { untilAvailable } from '../support/create.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type TestJob, type World } from '../support/world.ts';

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

  /** Of all pages: one that takes NATS long ends before it is full. */
  async function entriesOf(bucket: string, prefix: string, limit: number): Promise<Json[]> {
    const found: Json[] = [];
    for (let cursor = ''; ; ) {
      const { status, body } = await untilAvailable(() => world.program.api.get(`/nats/buckets/${bucket}/entries?prefix=${prefix}&limit=${limit}${cursor && `&cursor=${cursor}`}`));
      expect({ status, body }).toMatchObject({ status: 200 });
      expect(body.items.length).toBeLessThanOrEqual(limit);
      found.push(...body.items);
      if (body.nextCursor === null) return found;
      cursor = body.nextCursor;
    }
  }

  test('and sees on a subject what the workers see, also after the connection to NATS was lost', async () => {
    await using live = connect();
    live.send({ watch: 'natsjob.job.start.>' });
    await live.frame(({ type, subject }) => type === 'watching' && subject === 'natsjob.job.start.>');
    const job = await world.job({ maxRunning: 9 });
    const taskId = await job.start();
    const { items } = await live.frame(({ type, items }) => type === 'messages' && items.some(({ text }: Json) => text.includes(taskId)));
    const shown = items.find(({ text }: Json) => text.includes(taskId));
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
    const answer = await untilAvailable(() => world.program.api.post('/nats/publish', { subject, text: '{"a":"ü"}', headers: { 'X-Trial': 'yes' } }));
    expect([answer.status, answer.body]).toEqual([202, {}]);
    const message = await world.worker.next(subject);
    expect([message.text, message.header('X-Trial')]).toEqual(['{"a":"ü"}', 'yes']);
    expect((await world.program.api.post('/nats/publish', { subject: '$KV.natsjob-control.lease', text: '' })).body.errors).toMatchObject([{ field: 'subject' }]);
  });

  test('and reads the buckets key by key: newest values only, nothing deleted, page after page', async () => {
    const { items: buckets } = (await untilAvailable(() => world.program.api.get('/nats/buckets'))).body;
    expect(buckets.map(({ name }: Json) => name)).toEqual(['natsjob-definitions', 'natsjob-job-results', 'natsjob-heartbeat', 'natsjob-control']);
    const app = await world.app();
    const jobs: TestJob[] = [];
    for (let number = 0; number < 5; number++) jobs.push(await world.job({ app, name: `part-${number}` }));
    await jobs[1]!.change({ description: 'changed' });
    expect((await untilAvailable(() => world.program.api.post('/jobs/bulk', { ids: [jobs[3]!.key], action: 'delete' }))).body.done).toBe(1);

    const found = await entriesOf('natsjob-definitions', `job.${NAMESPACE}.${app}.par`, 2);
    expect(found.map(({ key }) => key.slice(-6))).toEqual(['part-0', 'part-2', 'part-4', 'part-1']);
    expect(JSON.parse(found[3].text).description).toBe('changed');
    expect(found[3]).toMatchObject({ revision: (await jobs[1]!.get()).version, at: expect.any(String) });
    // What is renewed between two pages comes on both.
    const control = await entriesOf('natsjob-control', '', 200);
    expect([...new Set(control.map(({ key }) => key.split('.')[0]))].toSorted()).toEqual(['job-number', 'lease', 'node-id', 'server']);
    expect(await entriesOf('natsjob-definitions', 'nothing.like.it', 200)).toEqual([]);
  });
});
