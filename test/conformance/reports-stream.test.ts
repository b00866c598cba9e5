import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { describe, expect, test } from 'vitest';
import { connectBus } from '../../src-core/nats/index.ts';
import { REPORTS_STREAM, reportSubject, STREAM } from '../../src-core/wire/index.ts';
import { inTime } from '../support/in-time.ts';
import { recordingLog } from '../support/nats-log.ts';
import { PATIENT_MS, natsServerPath, startNatsServer } from '../support/nats-server.ts';
import { patiently } from '../support/patiently.ts';
import { until } from '../support/until.ts';

const SIZES = { replicas: 1, maxBytes: 64 * 1024 * 1024 };

describe.skipIf(!(await natsServerPath()))('the stream of what workers report', () => {
  test('keeps the last thousand of a run', async () => {
    await using nats = await startNatsServer();
    const bus = await connectBus({ url: nats.url, name: 'test', log: recordingLog().log, answerMs: PATIENT_MS });
    expect(await patiently(() => bus.ensureObjects({ ...SIZES, reportsMaxBytes: 8 * 1024 * 1024 }))).toEqual([]);
    const subject = reportSubject('app', 'biz', 'job', '437500000000000001');
    for (let index = 1; index <= 1_500; index++) bus.publishVoid(subject, `line ${index}`.padEnd(7_000));
    bus.publishVoid(reportSubject('app', 'biz', 'job', '437500000000000002'), 'of another');
    await until(async () => (await patiently(() => bus.streamInfo(REPORTS_STREAM)))?.lastSequence === 1_501, { what: 'all to be stored, which is after the server has read them' });
    const texts: string[] = [];
    const reading = { stream: REPORTS_STREAM, subjects: [subject], from: 1_400, limitMs: PATIENT_MS, onMessage: ({ text }: { text: string }) => texts.push(text.trim()) > 0 };
    expect(await bus.read(reading)).toBe(true);
    expect([texts[0], texts.at(-1), texts.length]).toEqual(['line 1400', 'line 1500', 101]);
    // Seven megabytes take longer than a millisecond, and than one more look.
    expect(await patiently(() => bus.read({ ...reading, from: 501, limitMs: 1 }))).toBe(false);
    expect(await patiently(() => bus.read({ ...reading, from: 9_999, limitMs: 0 }))).toBe(true);
    expect(await patiently(() => bus.streamInfo(REPORTS_STREAM))).toMatchObject({ messages: 1_001, firstSequence: 501 });
    await bus.close();
  });

  test('is read whole though the reader stands still for longer than the limit', async () => {
    await using nats = await startNatsServer();
    const bus = await connectBus({ url: nats.url, name: 'test', log: recordingLog().log, answerMs: PATIENT_MS });
    await patiently(() => bus.ensureObjects({ ...SIZES, reportsMaxBytes: 8 * 1024 * 1024 }));
    const subject = reportSubject('app', 'biz', 'job', '437500000000000001');
    bus.publishVoid(subject, 'a line');
    await until(async () => (await patiently(() => bus.streamInfo(REPORTS_STREAM)))?.lastSequence === 1, { what: 'the line to be stored' });
    await inTime(async (ms) => {
      const texts: string[] = [];
      const reading = bus.read({ stream: REPORTS_STREAM, subjects: [subject], limitMs: ms, onMessage: ({ text }) => texts.push(text) > 0 });
      await new Promise((resolve) => setImmediate(resolve));
      for (const from = performance.now(); performance.now() - from < 2 * ms; ) continue;
      return (await reading) && texts.join() === 'a line';
    });
    await bus.close();
  });

  test('stays as somebody has made it', async () => {
    await using nats = await startNatsServer();
    const client = await connect({ servers: nats.url });
    const manager = await jetstreamManager(client, { timeout: PATIENT_MS });
    await manager.streams.add({ name: REPORTS_STREAM, subjects: ['natsjob-report.app.>'], max_msgs_per_subject: 10, storage: 'memory' as never });
    const bus = await connectBus({ url: nats.url, name: 'test', log: recordingLog().log, answerMs: PATIENT_MS });
    expect(await patiently(() => bus.ensureObjects({ ...SIZES, reportsMaxBytes: 8 * 1024 * 1024 }))).toEqual([]);
    expect((await manager.streams.info(REPORTS_STREAM)).config).toMatchObject({ subjects: ['natsjob-report.app.>'], max_msgs_per_subject: 10, storage: 'memory' });
    await bus.close();
    await client.close();
  });

  test('is done without where there is no room for it, with a sentence', async () => {
    await using nats = await startNatsServer({ config: 'accounts { a: { users: [{ user: u, password: p }], jetstream: { max_file: 100M } } }' });
    const bus = await connectBus({ url: nats.url.replace('nats://', 'nats://u:p@'), name: 'test', log: recordingLog().log, answerMs: PATIENT_MS });
    const remarks = await patiently(() => bus.ensureObjects({ ...SIZES, reportsMaxBytes: 256 * 1024 * 1024 }));
    expect(remarks).toEqual([expect.stringMatching(/^Stream natsjob-reports cannot be made, so what workers report of their runs is not kept: /)]);
    expect(await patiently(() => bus.streamInfo(REPORTS_STREAM))).toBeUndefined();
    expect(await patiently(() => bus.streamInfo(STREAM))).toBeDefined();
    await bus.close();
  });
});
