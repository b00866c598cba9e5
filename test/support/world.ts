import { expect } from 'vitest';
import { create, patientApi, untilAvailable } from './create.ts';
import type { ApiAnswer, ProgramApi } from './program-api.ts';
import { startProgram, type ProgramOptions, type TestProgram } from './program.ts';
import { until } from './until.ts';
import { startTestWorker, type SeenMessage, type TestWorker } from './worker.ts';

export const NAMESPACE = 'e2e';
/** Without summer time, and not the zone of any build machine. */
const ZONE = 'Asia/Shanghai';
const ZONE_MS = 8 * 3_600_000;
const BEAT_MS = 2_000;
/** Only for what never comes: a busy machine is slow. */
const HUNG_MS = 60_000;

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

/** A started program, a worker of the test's making, and short words for what most tests do. */
export interface World {
  /** Its `api` asks again as long as it is told to: see patientApi. */
  readonly program: TestProgram;
  readonly worker: TestWorker;
  /** A new app, so that its workers are nobody else's. */
  app(): Promise<string>;
  /** A live worker of the app; resolves when the scheduler lists it. */
  beat(app: string, id: string, more?: Record<string, unknown>): Promise<void>;
  /** The same, and it lives to the end of this world: one heartbeat alone lasts for fifteen seconds. */
  stayLive(app: string, id: string, more?: Record<string, unknown>): Promise<void>;
  /** Creates a job; without a schedule unless the fields give one. A new app unless they name one. */
  job(fields?: Record<string, unknown>): Promise<TestJob>;
  run(taskId: string): Promise<Json>;
  /** Resolves with the run once it is in the state. */
  untilState(taskId: string, state: string, deadlineMs?: number): Promise<Json>;
  subRuns(taskId: string): Promise<Json[]>;
  /** Resolves when the scheduler has read everything published and answered before, and its view shows it. */
  settled(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface TestJob {
  readonly namespace: string;
  readonly app: string;
  readonly name: string;
  /** namespace.app.name */
  readonly key: string;
  /** Of the action, as `start` or `client-start`; `tail` is the worker's or group's name. */
  subject(action: string, tail?: string): string;
  /** Asks for a run now. */
  run(request?: Record<string, unknown>): Promise<ApiAnswer>;
  /** The same, where it must be let through; resolves with its taskId. */
  start(request?: Record<string, unknown>): Promise<string>;
  /** The next dispatched message of the job not given out before; of that run if named. */
  next(taskId?: string, deadlineMs?: number): Promise<SeenMessage>;
  /** Messages of the job so far, of that run if named. */
  dispatched(taskId?: string): SeenMessage[];
  runs(query?: string): Promise<Json[]>;
  skips(): Promise<Json[]>;
  get(): Promise<Json>;
  change(patch: Record<string, unknown>): Promise<Json>;
}

const DISPATCHES = ['start', 'pre-start', 'client-start', 'group-start'];

export async function openWorld(options: ProgramOptions = {}): Promise<World> {
  const started = await startProgram({ ...options, env: { NATSJOB_TIMEZONE: ZONE, ...options.env } });
  const worker = await startTestWorker(started.natsUrl);
  // What was refused and is there when it is made again would be a conflict.
  const bare: ProgramApi = started.api;
  const program = Object.assign(started, { api: patientApi(bare) });
  const { api } = program;
  let made = 0;
  const beats: NodeJS.Timeout[] = [];
  await create(bare, '/namespaces', { name: NAMESPACE });
  const world: World = {
    program, worker,
    async app() {
      const name = `app-${++made}`;
      await create(bare, `/namespaces/${NAMESPACE}/apps`, { name });
      return name;
    },
    async beat(app, id, more = {}) {
      await worker.beat({ id, namespace: NAMESPACE, appName: app, ...more });
      await until(async () => (await api.get(`/workers?namespace=${NAMESPACE}&app=${app}`)).body.items.some((one: Json) => one.id === id && one.live), { deadlineMs: HUNG_MS, what: `worker ${id} to be live` });
    },
    async stayLive(app, id, more = {}) {
      beats.push(setInterval(() => void worker.beat({ id, namespace: NAMESPACE, appName: app, ...more }).catch(() => {}), BEAT_MS));
      await world.beat(app, id, more);
    },
    async job(fields = {}) {
      const app = (fields['app'] as string | undefined) ?? (await world.app());
      const name = (fields['name'] as string | undefined) ?? `job-${++made}`;
      await create(bare, '/jobs', { ...fields, namespace: NAMESPACE, app, name });
      return testJob(world, bare, app, name);
    },
    async run(taskId) {
      return ok(await api.get(`/runs/${taskId}`));
    },
    async untilState(taskId, state, deadlineMs = HUNG_MS) {
      let last: Json;
      return until(async () => {
        last = (await api.get(`/runs/${taskId}`)).body;
        return last.state === state && last;
      }, { deadlineMs, what: () => `run ${taskId} to be ${state}; it is ${JSON.stringify(last)}` });
    },
    async subRuns(taskId) {
      return ok(await api.get(`/runs/${taskId}/sub-runs`)).items.toReversed();
    },
    async settled() {
      const marker = (settling ??= world.job({ maxRunning: 1000, timeoutMs: 600_000 }));
      const taskId = await (await marker).start();
      await worker.answer(await (await marker).next(taskId), 'success');
      // From the list, which reads the view and not the memory.
      await until(async () => (await (await marker).runs('state=completed')).some((run) => run.taskId === taskId), { deadlineMs: HUNG_MS, what: 'the view to show the marker' });
    },
    async [Symbol.asyncDispose]() {
      for (const timer of beats) clearInterval(timer);
      await worker[Symbol.asyncDispose]();
      await program[Symbol.asyncDispose]();
    },
  };
  let settling: Promise<TestJob> | undefined;
  return world;
}

/** A moment as the wire writes it, in the zone of these tests. */
export function stamp(moment: string | number): string {
  return new Date(new Date(moment).getTime() + ZONE_MS).toISOString().replace('T', ' ').slice(0, 23);
}

function testJob({ program: { api }, worker }: World, bare: ProgramApi, app: string, name: string): TestJob {
  const address = `${NAMESPACE}.${app}.${name}`;
  const isOwn = ({ subject }: SeenMessage): boolean => {
    const [, , action = '', ns, appOf, job] = subject.split('.');
    return DISPATCHES.includes(action) && `${ns}.${appOf}.${job}` === address;
  };
  const ofRun = (taskId: string | undefined) => (message: SeenMessage) => isOwn(message) && (taskId === undefined || message.task.taskId === taskId);
  return {
    namespace: NAMESPACE, app, name, key: address,
    subject: (action, tail) => `natsjob.job.${action}.${address}${tail === undefined ? '' : `.${tail}`}`,
    run: (request = {}) => api.post(`/jobs/${address}/run`, request),
    async start(request = {}) {
      const { status, body } = await api.post(`/jobs/${address}/run`, request);
      expect({ status, body }).toMatchObject({ status: 202 });
      return body.taskId;
    },
    next: (taskId, deadlineMs = HUNG_MS) => worker.next(ofRun(taskId), deadlineMs),
    dispatched: (taskId) => worker.seen(ofRun(taskId)),
    runs: async (query = '') => ok(await api.get(`/runs?job=${address}&limit=200&${query}`)).items,
    skips: async () => ok(await api.get(`/jobs/${address}/skips`)).items,
    get: async () => ok(await api.get(`/jobs/${address}`)),
    async change(patch) {
      return ok(await untilAvailable(async () => {
        const { version } = ok(await api.get(`/jobs/${address}`));
        return bare.patch(`/jobs/${address}`, patch, { 'if-match': `"${version}"` });
      }));
    },
  };
}

function ok(answer: ApiAnswer): Json {
  expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 200 });
  return answer.body;
}
