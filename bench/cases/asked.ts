import { jetstream } from '@nats-io/jetstream';
import { askedSubject, encodeAsked, encodeHeartbeat, HEARTBEAT_BUCKET, heartbeatKey, kvPrefix, RESULTS_BUCKET, startSubject } from '../../src-core/wire/index.ts';
import { APP, benchJob, NAMESPACE, seedJobs } from '../support/job.ts';
import { startBenchNats, withConnection } from '../support/nats.ts';
import { cpuUs, rssMb } from '../support/proc.ts';
import { databaseOf, startProgram } from '../support/program.ts';
import { startSide } from '../support/side.ts';
import { quantile, sleep } from '../support/statistics.ts';
import { figure } from '../support/types.ts';
import type { Case, CaseContext, Figure } from '../support/types.ts';
import { openView } from '../support/view.ts';

/** Job 1 takes all there is, job 2 is paused, job 3 is for the latency. */
const [QUEUE, PAUSED, QUIET] = [1, 2, 3];
const RUNS_A_MESSAGE = 256;
const ARGS = JSON.stringify({ order: 12_345, text: 'x'.repeat(170) });
const BEAT_MS = 5_000;

/** Runs asked for by message: how fast and at what cost they go through, how soon the first of them begins, what one that waits holds. */
export const asked: Case = async (context) => {
  const count = context.quick ? 2_000 : 100_000;
  const nats = await startBenchNats(context);
  const queue = { maxRunning: 0, overlap: 'queue' as const, queueLimit: 1_000_000 };
  await seedJobs(nats.url, 3, (number) => benchJob(number, number === QUIET ? {} : { ...queue, state: number === PAUSED ? 'paused' : 'enabled' }));
  const worker = await startSide(context, 'support/worker.ts', { url: nats.url, subject: startSubject(NAMESPACE, APP, `job${QUEUE}`) });
  const program = await startProgram(context, { natsUrl: nats.url, name: 'asked' });
  await program.ready();
  const view = openView(context, databaseOf(program));
  const figures: Figure[] = [];

  const through = async (runs: number): Promise<Figure> => {
    const ended = await view.ended();
    const from = { at: performance.now(), cpu: cpuUs(program.pid), nats: cpuUs(nats.pid), worker: cpuUs(worker.pid) };
    await ask(nats.url, QUEUE, runs);
    const addedMs = performance.now() - from.at;
    await view.untilEnded(ended + runs, 120_000);
    const ms = performance.now() - from.at;
    context.note(`${runs} asked for in ${Math.round(addedMs)} ms; worker ${((cpuUs(worker.pid) - from.worker) / runs).toFixed(1)} µs a run`);
    return figure('asked', 'runs/s', (runs / ms) * 1000, { cpu_us: (cpuUs(program.pid) - from.cpu) / runs, nats_cpu_us: (cpuUs(nats.pid) - from.nats) / runs, rss_mb: rssMb(program.pid) });
  };
  const stopBeating = await beat(nats.url, 32);
  context.defer(stopBeating);
  await through(context.quick ? 500 : 20_000);
  figures.push(await through(count));
  figures.push(await latency(context, nats.url));

  const before = rssMb(program.pid);
  await ask(nats.url, PAUSED, count);
  for (let tries = 0; !(await view.describe()).includes(`${count} waiting`); tries++) {
    if (tries === 600) throw new Error('What was asked for does not wait.');
    await sleep(100);
  }
  await sleep(context.quick ? 100 : 5_000);
  const after = rssMb(program.pid);
  figures.push(figure('asked/waiting', 'bytes/run', ((after - before) * 1e6) / count, { rss_mb: after }));
  view.close();
  await program.stop();
  return figures;
};

/** All of them, pipelined, 256 in a message. */
async function ask(url: string, job: number, runs: number): Promise<void> {
  await withConnection(url, async (connection) => {
    const stream = jetstream(connection, { timeout: 60_000 });
    const subject = askedSubject(NAMESPACE, APP, `job${job}`);
    const stored: Promise<unknown>[] = [];
    for (let left = runs; left > 0; left -= RUNS_A_MESSAGE) {
      stored.push(stream.publish(subject, encodeAsked({ at: Date.now(), job, runs: Array.from({ length: Math.min(left, RUNS_A_MESSAGE) }, () => ({ args: ARGS })) })));
      if (stored.length % 16 === 0) await Promise.all(stored);
    }
    await Promise.all(stored);
  });
}

/**
 * From the publish of the asking to the arrival of the start, on one connection. Limit: the same way through a process that does
 * nothing but answer, each message stored in its stream.
 */
async function latency(context: CaseContext, url: string): Promise<Figure> {
  const [warmUps, count] = context.quick ? [5, 20] as const : [100, 500] as const;
  return withConnection(url, async (connection) => {
    let began = (): void => {};
    for (const subject of [startSubject(NAMESPACE, APP, `job${QUIET}`), `${kvPrefix(RESULTS_BUCKET)}bench`]) connection.subscribe(subject, { callback: () => began() });
    await connection.flush();
    const wait = async (subject: string, text: () => string): Promise<number> => {
      await sleep(5);
      const from = performance.now();
      const arrived = new Promise<void>((resolve) => {
        began = resolve;
      });
      connection.publish(subject, text());
      await arrived;
      return performance.now() - from;
    };
    const waits: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < warmUps + count; round++) {
      const waited = await wait(askedSubject(NAMESPACE, APP, `job${QUIET}`), () => encodeAsked({ at: Date.now(), job: QUIET, runs: [{ args: ARGS }] }));
      const atBest = await wait(startSubject(NAMESPACE, APP, `job${QUEUE}`), () => `{"jobArgs":${JSON.stringify(ARGS)},"jobEndKvKey":"bench"}`);
      if (round < warmUps) continue;
      waits.push(waited);
      bare.push(atBest);
    }
    for (const sorted of [waits, bare]) sorted.sort((a, b) => a - b);
    context.note(`bare: p50 ${quantile(bare, 0.5).toFixed(2)} ms, p99 ${quantile(bare, 0.99).toFixed(2)} ms`);
    return figure('asked/start', 'ms', quantile(waits, 0.5), { limit: quantile(bare, 0.5), p50_ms: quantile(waits, 0.5), p99_ms: quantile(waits, 0.99), max_ms: waits.at(-1) ?? null });
  });
}

/** A worker that says it takes so many at once, until it is stopped. */
async function beat(url: string, capacity: number): Promise<() => void> {
  const once = (): Promise<void> => withConnection(url, async (connection) => {
    const text = encodeHeartbeat({ id: 'bench-1', namespace: NAMESPACE, appName: APP, capacity });
    await jetstream(connection).publish(kvPrefix(HEARTBEAT_BUCKET) + heartbeatKey(NAMESPACE, APP, 'bench-1'), text);
  });
  await once();
  const timer = setInterval(() => void once().catch(() => undefined), BEAT_MS);
  return () => clearInterval(timer);
}
