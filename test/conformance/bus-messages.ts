import { expect, it } from 'vitest';
import type { LogMessage, StoredMessage } from '../../src-core/ports/bus.ts';
import { RESULTS_BUCKET, RESULTS_PREFIX, RESULTS_STREAM, STREAM } from '../../src-core/wire/index.ts';
import type { BusStage } from './bus-stage.ts';
import { ids, message, publishAll, tick } from './bus-stage.ts';

/** What is published is stored, in order and once, and can be read. */
export function testMessages(stage: BusStage): void {
  it('stores messages in the order of publishing and settles each with its sequence', async () => {
    expect(await publishAll(stage.bus, ids(500))).toEqual(ids(500).map((_, index) => index + 1));
    const stored = await stage.readAll();
    expect(stored.map((each) => each.text)).toEqual(ids(500).map((id) => `text of ${id}`));
  });

  it('gives subject, time, text and headers of a message', async () => {
    const before = Date.now();
    await publishAll(stage.bus, ['one'], { runHeader: '1,s,2' });
    const [got] = await stage.readAll();
    expect(got).toMatchObject({ sequence: 1, subject: 'natsjob.job.start.ns.app.job', text: 'text of one', tooLong: false });
    expect(got?.storedAt).toBeGreaterThanOrEqual(before);
    expect(got?.storedAt).toBeLessThanOrEqual(Date.now());
    expect(['Nats-Msg-Id', 'Natsjob-Term', 'Natsjob-Run', 'Absent'].map((header) => got?.header(header))).toEqual(['one', '7', '1,s,2', '']);
    const read = await stage.bus.readMessage(STREAM, 1);
    expect(read).toMatchObject({ sequence: 1, text: 'text of one' });
    expect(read?.header('Natsjob-Run')).toBe('1,s,2');
    expect(await stage.bus.readMessage(STREAM, 2)).toBeUndefined();
  });

  it('reads what is stored by subject and time, as far as it is wanted', async () => {
    await publishAll(stage.bus, ids(6));
    await publishAll(stage.bus, ['other'], { subject: 'natsjob.job.start.ns.app.other', runHeader: '1,s,2' });
    await publishAll(stage.bus, ['target'], { subject: 'natsjob.job.client-start.ns.app.job.w1' });
    const read = async (subjects: string[], more: { storedFrom?: number } = {}, most = 100): Promise<StoredMessage[]> => {
      const got: StoredMessage[] = [];
      await stage.bus.read({ stream: STREAM, subjects, limitMs: 60_000, ...more, onMessage: (each) => got.push(each) < most });
      return got;
    };
    expect((await read(['natsjob.job.*.ns.app.job', 'natsjob.job.*.ns.app.job.*'])).map(({ text }) => text)).toEqual([...ids(6), 'target'].map((id) => `text of ${id}`));
    const [other] = await read(['natsjob.job.start.ns.app.other']);
    expect(other).toMatchObject({ sequence: 7, subject: 'natsjob.job.start.ns.app.other', headers: { 'Nats-Msg-Id': 'other', 'Natsjob-Term': '7', 'Natsjob-Run': '1,s,2' } });
    expect(other?.header('Nats-Msg-Id')).toBe('other');
    expect(await read(['natsjob.job.start.ns.app.job'], {}, 2)).toHaveLength(2);
    expect(await read(['natsjob.>'], { storedFrom: other!.storedAt + 60_000 })).toEqual([]);
    expect(await read(['natsjob.>'], { storedFrom: other!.storedAt - 60_000 })).toHaveLength(8);
    expect(await read(['natsjob.job.stop.>'])).toEqual([]);
    await stage.bus.read({ stream: 'no-such-stream', subjects: ['a'], limitMs: 60_000, onMessage: () => true });
  });

  it('leaves the run header out when it is empty', async () => {
    await publishAll(stage.bus, ['one']);
    expect((await stage.readAll())[0]?.header('Natsjob-Run')).toBe('');
  });

  it('keeps texts of any script whole', async () => {
    const text = 'ä 任务 🎈 "\\ end';
    await publishAll(stage.bus, ['one'], { text });
    expect((await stage.readAll())[0]?.text).toBe(text);
  });

  it('does not decode a payload above the feed\'s limit', async () => {
    await publishAll(stage.bus, ['one'], { text: 'x'.repeat(1_001) });
    expect((await stage.readAll())[0]).toMatchObject({ text: '', tooLong: true });
  });

  it('stores a message id once, and settles the second with the sequence of the first', async () => {
    expect(await publishAll(stage.bus, ['one', 'two', 'one'])).toEqual([1, 2, 1]);
    expect(await stage.readAll()).toHaveLength(2);
  });

  it('publishes to the results bucket too, without touching lastSequence of the runs stream', async () => {
    const log = stage.bus.openLog({ term: 1, maySend: () => true });
    const settled = (id: string, more: Partial<LogMessage>): Promise<number> => new Promise((resolve) => log.publish(message(id, { ...more, onSettled: resolve })));
    expect(await settled('a', {})).toBe(1);
    expect(await settled('b', { subject: `${RESULTS_PREFIX}natsjob.job.end.a.b.c.1`, text: '{"status":"expired"}' })).toBe(1);
    expect(await settled('c', { subject: `${RESULTS_PREFIX}natsjob.job.end.a.b.c.2` })).toBe(2);
    expect(log.lastSequence).toBe(1);
    expect((await stage.bus.bucket(RESULTS_BUCKET).get('natsjob.job.end.a.b.c.1'))?.text).toBe('{"status":"expired"}');
    expect((await stage.readAll(1, RESULTS_STREAM)).map((each) => each.header('Natsjob-Term'))).toEqual(['1', '1']);
  });

  it('sends nothing while it may not, and goes on when it may again', async () => {
    let may = false;
    const log = stage.bus.openLog({ term: 1, maySend: () => may });
    const settled = new Promise<number>((resolve) => log.publish(message('held', { onSettled: resolve })));
    await tick(60);
    expect(log.unsettled).toBe(1);
    expect((await stage.bus.streamInfo(STREAM))?.messages).toBe(0);
    may = true;
    expect(await settled).toBe(1);
    expect(log.unsettled).toBe(0);
  });

  it('settles with 0 what is held back longer than it makes sense', async () => {
    const log = stage.bus.openLog({ term: 1, maySend: () => false });
    expect(await new Promise<number>((resolve) => log.publish(message('late', { giveUpAt: Date.now() + 50, onSettled: resolve })))).toBe(0);
  });

  it('gives up what was not sent when the publisher is stopped, and what is published after', async () => {
    const log = stage.bus.openLog({ term: 1, maySend: () => false });
    const settled: number[] = [];
    log.publish(message('a', { onSettled: (sequence) => settled.push(sequence) }));
    await log.stop(1_000);
    log.publish(message('b', { onSettled: (sequence) => settled.push(sequence) }));
    expect(settled).toEqual([0, 0]);
    expect(log.unsettled).toBe(0);
  });
}
