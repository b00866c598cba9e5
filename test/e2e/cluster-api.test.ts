import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { create, untilAvailable } from '../support/create.ts';
import { type TestNatsServer, startNatsServer } from '../support/nats-server.ts';
import type { ApiAnswer } from '../support/program-api.ts';
import { canStartProgram, startProgram, type TestProgram } from '../support/program.ts';
import { testedCommand, testedEnvironment } from '../support/tested-program.ts';
import { until } from '../support/until.ts';
import { startTestWorker, type TestWorker } from '../support/worker.ts';

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

const IDS = ['one', 'two', 'three'];
const JOB = 'app.biz.asked';

describe.skipIf(!(await canStartProgram()))('three servers, each with a database of its own, on one NATS', () => {
  let nats: TestNatsServer;
  let worker: TestWorker;
  let programs: TestProgram[];

  beforeAll(async () => {
    nats = await startNatsServer();
    const url = `nats://127.0.0.1:${nats.port}`;
    worker = await startTestWorker(url);
    programs = [];
    for (const id of IDS) programs.push(await startProgram({ env: { NATSJOB_NATS_URL: url, NATSJOB_NODE_ID: id, NATSJOB_TIMEZONE: 'UTC' } }));
  });
  afterAll(async () => {
    await Promise.all(programs.map((program) => program[Symbol.asyncDispose]()));
    await worker[Symbol.asyncDispose]();
    await nats[Symbol.asyncDispose]();
  });

  const running = (): TestProgram[] => programs.filter(({ isRunning }) => isRunning);
  const serversOf = async (program: TestProgram): Promise<Json[]> => ok(await program.api.get('/servers')).items;
  /** The one that leads, when all that run agree on it, and the others. */
  const roles = (): Promise<{ leader: TestProgram; standbys: TestProgram[] }> => until(async () => {
    const told = await Promise.all(running().map(async (program) => (await serversOf(program)).filter(({ role }) => role === 'leader').map(({ id }) => id).join()));
    const leader = programs[IDS.indexOf(told[0]!)];
    if (leader === undefined || !leader.isRunning || new Set(told).size > 1) return undefined;
    // It says so itself: its take-over is done.
    if ((await serversOf(leader))[0].role !== 'leader') return undefined;
    return { leader, standbys: running().filter((program) => program !== leader) };
  }, { what: 'the servers to agree on who leads' });
  /** What all that run answer, once it is the same. */
  const same = (path: string, fits: (body: Json) => boolean = () => true): Promise<Json> => until(async () => {
    const bodies = await Promise.all(running().map(async ({ api }) => (await api.get(path)).body as Json));
    return bodies.every((body) => fits(body) && JSON.stringify(body) === JSON.stringify(bodies[0])) && bodies[0];
  }, { what: `${path} to be the same on all` });
  const started = async (program: TestProgram, request: Json = {}): Promise<string> => {
    const { status, body } = await untilAvailable(() => program.api.post(`/jobs/${JOB}/run`, request));
    expect({ status, body }).toMatchObject({ status: 202 });
    return body.taskId as string;
  };
  const dispatched = (taskId: string): number => worker.seen(({ task, subject }) => subject.startsWith('natsjob.job.start.') && task.taskId === taskId).length;

  /** Asks for runs on each of them, two at a time, as long as the work takes. */
  async function underCalls(asked: readonly TestProgram[], work: (answers: readonly ApiAnswer[]) => Promise<void>): Promise<readonly ApiAnswer[]> {
    const answers: ApiAnswer[] = [];
    let isOver = false;
    const ask = async ({ api }: TestProgram): Promise<void> => {
      while (!isOver) answers.push(await api.post(`/jobs/${JOB}/run`, {}));
    };
    const asking = Promise.all(asked.flatMap((program) => [ask(program), ask(program)]));
    try {
      await work(answers);
    } finally {
      isOver = true;
      await asking;
    }
    return answers;
  }

  /** Each was taken and sent once, or refused with a word about whether to ask again. */
  async function expectOnce(answers: readonly ApiAnswer[]): Promise<void> {
    // A leader that stood still for longer than the lease makes its connection anew: who asks in that moment is told so.
    const isTold = ({ status, body }: ApiAnswer): boolean => status === 202 || (status === 409 && body.reason === 'nats-down');
    for (const { status, body, headers } of answers.filter((answer) => !isTold(answer))) {
      expect(status).toBe(503);
      expect(['urn:natsjob:problem:unavailable', 'urn:natsjob:problem:unanswered']).toContain(body.type);
      expect(headers.has('retry-after')).toBe(body.type === 'urn:natsjob:problem:unavailable');
    }
    const taken = answers.filter(({ status }) => status === 202).map(({ body }) => body.taskId as string);
    expect(new Set(taken).size).toBe(taken.length);
    await until(() => taken.every((taskId) => dispatched(taskId) > 0), { what: 'all to be sent' });
    const sent = worker.seen(({ subject }) => subject === `natsjob.job.start.${JOB}`).map(({ task }) => task.taskId);
    expect(new Set(sent).size).toBe(sent.length);
  }

  test('definitions made on one are on all', async () => {
    const { standbys: [first, second], leader } = await roles();
    await create(first!.api, '/namespaces/app/apps', { name: 'biz' });
    await create(first!.api, '/jobs', { namespace: 'app', app: 'biz', name: 'asked', maxRunning: 10_000, timeoutMs: 3_600_000 });
    await until(async () => (await second!.api.get(`/jobs/${JOB}`)).status === 200, { what: 'the other one to have it' });
    const { version } = (await second!.api.get(`/jobs/${JOB}`)).body;
    ok(await second!.api.patch(`/jobs/${JOB}`, { description: 'changed' }, { 'if-match': `"${version}"` }));
    await same('/jobs?limit=50', ({ items }) => items.length === 1 && items[0].description === 'changed');
    await same('/namespaces/app/apps', ({ items }) => items.length === 1);
    expect((await leader.api.patch(`/jobs/${JOB}`, { description: 'late' }, { 'if-match': `"${version}"` })).status).toBe(412);
  });

  test('a run asked of any is sent once, and found by whoever asks there next', async () => {
    const { standbys, leader } = await roles();
    for (const program of [...standbys, leader]) {
      const taskId = await started(program, { args: `of ${program.dataDir}` });
      expect(ok(await program.api.get(`/runs/${taskId}`))).toMatchObject({ taskId, state: 'active', trigger: 'manual' });
      await worker.answer(await worker.next(({ task }) => task.taskId === taskId), 'success');
      expect(await same(`/runs/${taskId}`, ({ state }) => state === 'completed')).toMatchObject({ taskId });
      expect(dispatched(taskId)).toBe(1);
    }
  });

  test('cancel, rerun and their bulk forms work on a standby', async () => {
    const { standbys: [standby, other] } = await roles();
    const taskId = await started(standby!);
    expect(ok(await standby!.api.post(`/runs/${taskId}/cancel`))).toMatchObject({ state: 'cancelled' });
    expect(ok(await standby!.api.get(`/runs/${taskId}`)).state).toBe('cancelled');
    expect(await other!.api.post(`/runs/${taskId}/cancel`)).toMatchObject({ status: 409 });
    const again = await standby!.api.post(`/runs/${taskId}/rerun`);
    expect(again.status).toBe(202);
    expect(ok(await standby!.api.get(`/runs/${again.body.taskId}`)).state).toBe('active');

    const ids = await Promise.all(Array.from({ length: 200 }, (_, index) => started(index % 2 === 0 ? standby! : other!)));
    expect(new Set(ids).size).toBe(200);
    expect(ok(await standby!.api.post('/runs/bulk', { ids, action: 'cancel' }))).toEqual({ matched: 200, done: 200, failures: [], started: [] });
    // Each answers with what it has read itself.
    await same('/runs?limit=200&state=cancelled', ({ items }) => ids.every((id) => items.some(({ taskId: one }: Json) => one === id)));
    const reruns = ok(await other!.api.post('/runs/bulk', { ids: ids.slice(0, 60), action: 'rerun' }));
    expect(reruns).toMatchObject({ matched: 60, done: 60, failures: [] });
    // The worker's connection is another one than that of the answers.
    await until(() => [...ids, ...reruns.started].every((id) => dispatched(id) > 0), { what: 'all to be sent' });
    for (const id of [...ids, ...reruns.started]) expect(dispatched(id)).toBe(1);
    expect(ok(await other!.api.post('/jobs/bulk', { ids: [JOB], action: 'run' }))).toMatchObject({ done: 1 });
    await same('/runs?limit=200&state=active', ({ items }) => items.length === 62);
    ok(await standby!.api.post('/runs/bulk', { filter: {}, action: 'cancel' }));
    await same('/runs?limit=200', ({ items }) => items.length === 200 && items.every(({ state }: Json) => state === 'completed' || state === 'cancelled'));
  });

  test('what the leader says against a request, the standby says', async () => {
    const { standbys: [standby] } = await roles();
    await create(standby!.api, '/jobs', { namespace: 'app', app: 'biz', name: 'single', timeoutMs: 3_600_000 });
    expect((await untilAvailable(() => standby!.api.post('/jobs/app.biz.single/run'))).status).toBe(202);
    expect(await standby!.api.post('/jobs/app.biz.single/run')).toMatchObject({ status: 409, body: { type: 'urn:natsjob:problem:run-skipped', reason: 'overlap' } });
    expect(await standby!.api.post(`/jobs/${JOB}/run`, { workerId: 'w' })).toMatchObject({ status: 400, body: { errors: [{ field: 'workerId' }] } });
    expect(ok(await standby!.api.get('/jobs/app.biz.single/explain'))).toMatchObject({ verdict: 'skip', reason: 'overlap' });
    expect(ok(await standby!.api.get(`/jobs/${JOB}/explain`))).toMatchObject({ verdict: 'dispatch' });
  });

  test('the live feed of a standby tells runs', async () => {
    const { standbys: [standby], leader } = await roles();
    const socket = new WebSocket(`${standby!.url.replace('http', 'ws')}/natsjob/api/live`, ['natsjob']);
    const frames: Json[] = [];
    socket.on('message', (data) => frames.push(JSON.parse(String(data))));
    await once(socket, 'open');
    socket.send(JSON.stringify({ token: await standby!.api.token(), subscribe: ['runs'] }));
    await until(() => frames.some(({ type }) => type === 'subscribed'), { what: 'the subscription' });
    const taskId = await started(leader);
    const toldOf = (state: string) => (): boolean => frames.some((frame) => frame.runs?.some((run: Json) => run.taskId === taskId && run.state === state));
    await until(toldOf('active'), { what: 'the run to be told as active' });
    await worker.answer(await worker.next(({ task }) => task.taskId === taskId), 'success');
    await until(toldOf('completed'), { what: 'the run to be told as completed' });
    socket.terminate();
  });

  test('every server lists all of them alike, and on the command line', async () => {
    await roles();
    // Each tells the others every five seconds.
    await until(async () => {
      const [first, ...others] = await Promise.all(programs.map(async (program) => (await serversOf(program)).map(({ id, role, term, version }) => ({ id, role, term, version })).sort((a, b) => (a.id < b.id ? -1 : 1))));
      return isDeepStrictEqual(first!.map(({ id }) => id), [...IDS].sort()) && first!.filter(({ role }) => role === 'standby').length === 2 && others.every((listed) => isDeepStrictEqual(listed, first));
    }, { what: 'all to list all alike' });
    for (const [index, program] of programs.entries()) expect((await serversOf(program))[0].id).toBe(IDS[index]);
    // Skips are told some seconds later, and have to be read, too.
    let text = '';
    await until(async () => {
      text = await natsjob(programs[1]!, 'servers');
      return IDS.every((id) => new RegExp(`^${id} +\\w+ +\\d+ +0 `, 'm').test(text));
    }, { what: () => `nobody to lag\n${text}` });
    expect(text.split('\n')).toHaveLength(4);
    expect(text).toMatch(/^SERVER +ROLE +TERM +LAG +VERSION +SEEN\n/);
    for (const id of IDS) expect(text).toMatch(new RegExp(`^${id} +(leader|standby) +\\d+ +0 +\\d`, 'm'));
    expect((JSON.parse(await natsjob(programs[2]!, 'servers', '--json')).items as Json[]).map(({ id }) => id).sort()).toEqual([...IDS].sort());
  });

  test('the leader steps down when a standby is asked, and the command line finds it by itself', async () => {
    const { standbys: [standby, other], leader } = await roles();
    const before = IDS[programs.indexOf(leader)]!;
    expect(await standby!.api.post(`/servers/${IDS[programs.indexOf(other!)]!}/step-down`)).toMatchObject({ status: 409 });
    expect((await standby!.api.post('/servers/nobody/step-down')).status).toBe(404);
    expect((await standby!.api.post(`/servers/${before}/step-down`)).status).toBe(204);
    const next = IDS[programs.indexOf((await roles()).leader)]!;
    expect(next).not.toBe(before);
    expect(JSON.parse(await natsjob(leader, 'servers', 'step-down', '--json'))).toEqual({ id: next, steppedDown: true });
    expect((await roles()).leader).not.toBe(programs[IDS.indexOf(next)]);
  });

  test('while the lead goes from one to the other, calls are done once or refused plainly', async () => {
    const calls = await underCalls(programs, async (answers) => {
      for (let round = 0; round < 4; round++) {
        const before = answers.length;
        await until(() => answers.slice(before).filter(({ status }) => status === 202).length > 40, { what: 'calls to be taken' });
        await until(async () => {
          const { leader, standbys } = await roles();
          return (await standbys[0]!.api.post(`/servers/${IDS[programs.indexOf(leader)]!}/step-down`)).status === 204;
        }, { what: 'the leader to step down' });
      }
    });
    await expectOnce(calls);
  });

  test('when the leader is killed under calls, each is answered or refused plainly, none is done twice, and soon they work again', async () => {
    const { standbys, leader } = await roles();
    const calls = await underCalls(standbys, async (answers) => {
      await until(() => answers.length > 100, { what: 'calls to be under way' });
      await leader.kill('SIGKILL');
      await until(() => answers.some(({ status }) => status === 503), { what: 'a refusal' });
      const refused = answers.length;
      await until(() => answers.slice(refused).filter(({ status }) => status === 202).length > 100, { what: 'calls to work again' });
    });
    await expectOnce(calls);
    await leader.restart();
    await roles();
    const newest = worker.seen(({ subject }) => subject === `natsjob.job.start.${JOB}`).map(({ task }) => BigInt(task.taskId)).reduce((most, id) => (id > most ? id : most));
    await same('/runs?limit=200', (page) => page.items[0].taskId === String(newest));
  });
});

async function natsjob(program: TestProgram, ...words: string[]): Promise<string> {
  const { command, args } = testedCommand(...words, '--url', program.url);
  const child = spawn(command, args, { env: { ...testedEnvironment(), NATSJOB_LOGIN_USER: 'tester', NATSJOB_LOGIN_PWD: 'a password of this test' }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (err += text));
  const [code] = (await once(child, 'close')) as [number | null];
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out.trim();
}

function ok(answer: ApiAnswer): Json {
  expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 200 });
  return answer.body;
}
