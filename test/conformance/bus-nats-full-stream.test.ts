import { connect } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import { connectBus } from '../../src-core/nats/index.ts';
import { SKIPS_SUBJECT, STREAM } from '../../src-core/wire/index.ts';
import { recordingLog } from '../support/nats-log.ts';
import { PATIENT_MS, natsServerPath, startNatsServer } from '../support/nats-server.ts';
import { until } from '../support/until.ts';

describe.skipIf((await natsServerPath()) === undefined)('a stream that is full', () => {
  it.each([600, 640, 680])('is shown nothing again before there is room for it, and not only for less: %i characters', async (length) => {
    await using server = await startNatsServer();
    const admin = await connect({ servers: server.url });
    const bus = await connectBus({ url: server.url, log: recordingLog().log, name: 'test', answerMs: PATIENT_MS });
    try {
      const manager = await jetstreamManager(admin, { timeout: PATIENT_MS });
      await manager.streams.add({ name: STREAM, subjects: ['natsjob.>'], max_bytes: 8_192, discard: 'new' as never });
      const shown = new Map<string, number>();
      let tried = 0;
      admin.subscribe('natsjob.job.>', { callback: (_error, { headers }) => {
        const id = headers?.get('Nats-Msg-Id') ?? '';
        shown.set(id, (shown.get(id) ?? 0) + 1);
      } });
      admin.subscribe(SKIPS_SUBJECT, { callback: () => { tried++; } });
      await admin.flush();
      const log = bus.openLog({ term: 1, maySend: () => true });
      const settled: number[] = [];
      for (let n = 0; n < 20; n++) log.publish({ subject: 'natsjob.job.start.ns.app.job', text: 'x'.repeat(length), id: `m${n}`, runHeader: '', giveUpAt: Infinity, onSettled: (sequence) => settled.push(sequence) });
      await until(() => tried >= 3, { what: 'it to be tried three times' });
      await admin.flush();
      expect([...shown.values()]).toEqual(new Array(20).fill(1));
      expect(settled.length).toBeLessThan(20);
      await manager.streams.update(STREAM, { max_bytes: 1_048_576 });
      await until(() => settled.length === 20, { what: 'all to be stored' });
      await admin.flush();
      expect(settled).not.toContain(0);
      expect(Math.max(...shown.values())).toBe(2);
      await log.stop(0);
    } finally {
      await bus.close();
      await admin.close();
    }
  });

  it('is shown nothing by the next term before it takes an empty message', async () => {
    await using server = await startNatsServer();
    const admin = await connect({ servers: server.url });
    const bus = await connectBus({ url: server.url, log: recordingLog().log, name: 'test', answerMs: PATIENT_MS });
    try {
      const manager = await jetstreamManager(admin, { timeout: PATIENT_MS });
      await manager.streams.add({ name: STREAM, subjects: ['natsjob.>'], max_msgs: 2, discard: 'new' as never });
      let shown = 0;
      let tried = 0;
      admin.subscribe('natsjob.job.>', { callback: () => { shown++; } });
      admin.subscribe(SKIPS_SUBJECT, { callback: () => { tried++; } });
      await admin.flush();
      const settled: number[] = [];
      const open = (term: number, id: string): ReturnType<typeof bus.openLog> => {
        const log = bus.openLog({ term, maySend: () => true });
        log.publish({ subject: 'natsjob.job.start.ns.app.job', text: 'x', id, runHeader: '', giveUpAt: Infinity, onSettled: (sequence) => settled.push(sequence) });
        return log;
      };
      for (const [index, id] of ['a', 'b'].entries()) {
        const log = open(1, id);
        await until(() => settled.length === index + 1, { what: 'it to be stored' });
        await log.stop(0);
      }
      for (const term of [2, 3, 4]) {
        const before = tried;
        const log = open(term, 'c');
        await until(() => tried > before, { what: 'an empty message' });
        await log.stop(0);
      }
      await admin.flush();
      expect(shown).toBe(3);
      const last = open(5, 'c');
      await bus.purge(STREAM, 2);
      await until(() => settled.at(-1) !== 0, { what: 'what was refused to be stored' });
      await admin.flush();
      expect(shown).toBe(4);
      await last.stop(0);
    } finally {
      await bus.close();
      await admin.close();
    }
  });
});
