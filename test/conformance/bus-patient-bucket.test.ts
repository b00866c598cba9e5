import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UnavailableError } from '../../src-core/domain/errors.ts';
import { connectBus } from '../../src-core/nats/index.ts';
import type { Bus } from '../../src-core/ports/bus.ts';
import { DEFINITIONS_BUCKET, kvStream } from '../../src-core/wire/index.ts';
import { type Breaker, startBreaker } from '../support/nats-breaker.ts';
import { recordingLog } from '../support/nats-log.ts';
import { PATIENT_MS, natsServerPath, startNatsServer, type TestNatsServer } from '../support/nats-server.ts';
import { patiently } from '../support/patiently.ts';
import { until } from '../support/until.ts';
import { OBJECTS } from './bus-stage.ts';

const PATIENCE = { patienceMs: 3_600_000 };
const ANSWER = `"stream":"${kvStream(DEFINITIONS_BUCKET)}"`;

describe.skipIf((await natsServerPath()) === undefined)('a bucket with patience', () => {
  const closers: (() => Promise<unknown>)[] = [];
  let server: TestNatsServer;
  let breaker: Breaker;
  /** Beside the breaker. */
  let straight: Bus;
  let bus: Bus;

  async function open(url: string, answerMs: number): Promise<Bus> {
    const opened = await connectBus({ url, log: recordingLog().log, name: 'test', answerMs });
    closers.push(() => opened.close());
    return opened;
  }

  beforeEach(async () => {
    server = await startNatsServer();
    closers.push(() => server[Symbol.asyncDispose]());
    breaker = await startBreaker(server.port);
    closers.push(() => breaker.close());
    straight = await open(server.url, PATIENT_MS);
    await patiently(() => straight.ensureObjects(OBJECTS));
    bus = await open(`nats://127.0.0.1:${breaker.port}`, 300);
  });
  afterEach(async () => {
    while (closers.length > 0) await closers.pop()?.();
  });

  const written = async (): Promise<number> => (await straight.streamInfo(kvStream(DEFINITIONS_BUCKET)))!.lastSequence;

  it('writes once what it is not told to be written, and what the connection is lost over', async () => {
    const bucket = bus.bucket(DEFINITIONS_BUCKET, PATIENCE);
    breaker.dropTowardsClient(ANSWER);
    expect(await bucket.compareAndSet('a', '1', 0)).toBe(1);
    expect(await written()).toBe(1);
    const cut = breaker.cutAt('$KV.natsjob-definitions.a', ANSWER);
    expect(await bucket.compareAndSet('a', '2', 1)).toBe(2);
    await cut;
    expect(await written()).toBe(2);
    breaker.dropTowardsClient(ANSWER);
    expect(await bucket.compareAndDelete('a', 2)).toBe(true);
    expect(await written()).toBe(3);
  });

  it('writes what was lost on its way, and reads on when the server is away for a moment', async () => {
    const bucket = bus.bucket(DEFINITIONS_BUCKET, PATIENCE);
    const cut = breaker.cutAt('$KV.natsjob-definitions.a');
    expect(await bucket.compareAndSet('a', '1', 0)).toBe(1);
    await cut;
    breaker.freeze();
    const reading = bucket.get('a');
    await server.restart();
    await breaker.cut();
    expect(await reading).toMatchObject({ text: '1', revision: 1 });
    await until(() => straight.state === 'connected', { what: 'the other to be back' });
    expect(await written()).toBe(1);
  });

  it('still says who was faster, and still refuses at once where nobody is there', async () => {
    const bucket = bus.bucket(DEFINITIONS_BUCKET, PATIENCE);
    await straight.bucket(DEFINITIONS_BUCKET).compareAndSet('a', 'theirs', 0);
    breaker.dropTowardsClient(ANSWER);
    expect(await bucket.compareAndSet('a', 'mine', 0)).toBeUndefined();
    await server.stop('SIGKILL');
    await until(() => bus.state === 'disconnected', { what: 'the loss to be noticed' });
    await expect(bucket.compareAndSet('a', 'mine', 1)).rejects.toThrow(UnavailableError);
    await expect(bucket.get('a')).rejects.toThrow(UnavailableError);
  });

  it('is read through, too, when the server stands still for longer than an answer is waited for', async () => {
    await straight.bucket(DEFINITIONS_BUCKET).compareAndSet('a', '1', 0);
    const texts: string[] = [];
    breaker.part();
    const asked = performance.now();
    const reading = bus.read({ stream: kvStream(DEFINITIONS_BUCKET), subjects: ['$KV.natsjob-definitions.>'], limitMs: PATIENT_MS, onMessage: ({ text }) => texts.push(text) > 0 });
    reading.catch(() => {});
    await until(() => performance.now() > asked + 1_000, { what: 'the time for an answer to be over' });
    breaker.thaw();
    expect(await reading).toBe(true);
    expect(texts).toEqual(['1']);
  });

  it('is given up with its bus', async () => {
    const bucket = bus.bucket(DEFINITIONS_BUCKET, PATIENCE);
    breaker.freeze();
    const writing = bucket.compareAndSet('a', '1', 0);
    writing.catch(() => {});
    await bus.close();
    await expect(writing).rejects.toThrow(UnavailableError);
  });
});

describe.skipIf((await natsServerPath()) === undefined)('a bucket without', () => {
  it('asks once', async () => {
    await using server = await startNatsServer();
    const breaker = await startBreaker(server.port);
    const bus = await connectBus({ url: `nats://127.0.0.1:${breaker.port}`, log: recordingLog().log, name: 'test', answerMs: 2_000 });
    try {
      await patiently(() => bus.ensureObjects(OBJECTS));
      breaker.dropTowardsClient(ANSWER);
      await expect(bus.bucket(DEFINITIONS_BUCKET).compareAndSet('a', '1', 0)).rejects.toThrow(UnavailableError);
    } finally {
      await bus.close();
      await breaker.close();
    }
  });
});
