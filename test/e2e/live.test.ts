import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { untilAvailable } from '../support/create.ts';
import { canStartProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { NAMESPACE, openWorld, type World } from '../support/world.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Frame = any;

interface Live {
  readonly frames: readonly Frame[];
  send(message: unknown): void;
  /** The first frame that fits, of those that came or will come. */
  frame(fits: (frame: Frame) => boolean): Promise<Frame>;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}

describe.skipIf(!(await canStartProgram()))('the live feed', () => {
  let world: World;
  let token: string;
  beforeAll(async () => {
    world = await openWorld();
    token = await world.program.api.token();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  function connect(): Live {
    const socket = new WebSocket(`${world.program.url.replace('http', 'ws')}/natsjob/api/live`, ['natsjob']);
    const frames: Frame[] = [];
    socket.on('message', (data) => frames.push(JSON.parse(String(data))));
    const opened = new Promise<void>((resolve, reject) => void socket.once('open', resolve).once('error', reject));
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    return {
      frames, closed,
      send: (message) => void opened.then(() => socket.send(typeof message === 'string' ? message : JSON.stringify(message))),
      frame: (fits) => until(() => frames.find(fits), { what: () => `a frame that fits; came ${JSON.stringify(frames).slice(0, 2000)}` }),
      async [Symbol.asyncDispose]() {
        socket.terminate();
        await closed;
      },
    };
  }
  const ofRun = (taskId: string, state: string) => (frame: Frame): boolean => frame.runs?.some((run: Frame) => run.taskId === taskId && run.state === state) === true;
  const newest = (live: Live): number => Math.max(...live.frames.map(({ seq }) => seq));

  test('shows a run as it goes, its job and its worker, with numbers that only rise', async () => {
    await using live = connect();
    live.send({ token, subscribe: ['runs', 'jobs', 'workers', 'skips'] });
    expect(await live.frame(({ type }) => type === 'hello')).toMatchObject({ role: 'leader', natsConnected: true });
    await live.frame(({ type }) => type === 'subscribed');
    const job = await world.job();
    const { id } = await job.get();
    await live.frame((frame) => frame.jobs?.some((one: Frame) => one.id === id && one.key === job.key && !one.deleted));
    const taskId = await job.start();
    const shown = (await live.frame(ofRun(taskId, 'active'))).runs.find((run: Frame) => run.taskId === taskId);
    const { monitorPayload: _payload, args: _args, targets: _targets, targetsEnded: _ended, badAnswers: _bad, badAnswer: _last, own: _own, key: _key, retryPending: _pending, ...summary } = await world.run(taskId);
    expect(shown).toEqual(summary);
    // Again where NATS was away for a moment, which is another reason.
    await untilAvailable(() => job.run());
    await live.frame((frame) => frame.skips?.some((skip: Frame) => skip.job === job.name && skip.reason === 'overlap'));
    await world.worker.answer(await job.next(taskId), { status: 'success', reason: 'seen' });
    await live.frame(ofRun(taskId, 'completed'));
    await world.beat(job.app, 'w1');
    await live.frame((frame) => frame.workers?.some((worker: Frame) => worker.id === 'w1' && worker.app === job.app && worker.live));
    const numbers = live.frames.map(({ seq }) => seq);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  test('tells of each of several deleted jobs', async () => {
    const jobs = [await world.job(), await world.job(), await world.job()];
    await using live = connect();
    live.send({ token, subscribe: ['jobs'] });
    await live.frame(({ type }) => type === 'subscribed');
    expect((await world.program.api.post('/jobs/bulk', { ids: jobs.map(({ key }) => key), action: 'delete' })).body.done).toBe(3);
    for (const { key } of jobs) await live.frame((frame) => frame.jobs?.some((one: Frame) => one.key === key && one.deleted && one.id !== ''));
  });

  test('sends nothing while paused and then all of it, and of others nothing', async () => {
    const [job, other] = [await world.job({ maxRunning: 9 }), await world.job({ maxRunning: 9 })];
    await using live = connect();
    live.send({ token, subscribe: { types: ['runs'], namespace: NAMESPACE, job: job.name } });
    live.send({ pause: true });
    await live.frame(({ type, paused }) => type === 'paused' && paused);
    await using witness = connect();
    witness.send({ token, subscribe: ['runs'] });
    await witness.frame(({ type }) => type === 'subscribed');
    const [own, foreign] = [await job.start(), await other.start()];
    await witness.frame(ofRun(own, 'active'));
    await witness.frame(ofRun(foreign, 'active'));
    const before = live.frames.length;
    live.send({ pause: false });
    await live.frame(ofRun(own, 'active'));
    expect(live.frames.slice(before).flatMap((frame) => frame.runs ?? []).map((run: Frame) => run.taskId)).toEqual([own]);
  });

  test('goes on where a client that comes back has stopped, or says that it cannot', async () => {
    const job = await world.job({ maxRunning: 9 });
    const first = connect();
    first.send({ token, subscribe: ['runs'] });
    // It tells what happens from then on.
    await first.frame(({ type }) => type === 'subscribed');
    const seen = await job.start();
    await first.frame(ofRun(seen, 'active'));
    const since = newest(first);
    await first[Symbol.asyncDispose]();
    const missed = [await job.start(), await job.start()];
    await world.settled();
    await using second = connect();
    second.send({ token, subscribe: ['runs'], since });
    for (const taskId of missed) await second.frame(ofRun(taskId, 'active'));
    expect(second.frames.some(ofRun(seen, 'active'))).toBe(false);
    await using lost = connect();
    lost.send({ token, subscribe: ['runs'], since: since + 1_000_000 });
    await lost.frame(({ type }) => type === 'reset');
  });

  test('counts, and tells when the leader steps down', async () => {
    await using live = connect();
    live.send({ token, subscribe: ['counters', 'leader'] });
    // They come every three seconds, and runs of the tests before may end meanwhile.
    await until(async () => {
      const overview = (await world.program.api.get('/overview')).body;
      return live.frames.some(({ counters }) => counters !== undefined && ['jobs', 'jobsEnabled', 'running', 'queued'].every((field) => counters[field] === overview[field]));
    }, { what: () => `counters as the overview has them; came ${JSON.stringify(live.frames)}` });
    const [{ id, term }] = (await world.program.api.get('/servers')).body.items;
    await world.program.api.post(`/servers/${id}/step-down`);
    await live.frame((frame) => frame.leader?.role === 'standby');
    await live.frame((frame) => frame.leader?.role === 'leader' && frame.leader.term > term);
  });

  test('refuses who is not logged in, and names what is wrong with a message', async () => {
    await using stranger = connect();
    stranger.send({ token: `${token}x`, subscribe: ['runs'] });
    expect(await stranger.closed).toBe(4401);
    await using live = connect();
    live.send({ token });
    await live.frame(({ type }) => type === 'hello');
    for (const [message, words] of [['{', /JSON/], [[], /message/i], [{ subscribe: ['everything'] }, /subscribe/], [{ subscribe: { namespace: '>' } }, /namespace/], [{ since: 5 }, /since/], [{ subscribe: [], since: -1 }, /since/], [{ pause: 'yes' }, /pause/], [{ stop: true }, /stop/]] as const) {
      const before = live.frames.length;
      live.send(message);
      const answer = await until(() => live.frames.slice(before).find(({ type }) => type === 'error'));
      expect(answer.message).toMatch(words);
    }
    live.send('x'.repeat(100_000));
    expect(await live.closed).toBeGreaterThanOrEqual(1006);
    expect((await world.program.api.get('/me')).status).toBe(200);
  });
});
