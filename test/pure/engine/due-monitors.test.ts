import { describe, expect, test } from 'vitest';
import { emptyRecord } from '../../../src-core/decide/index.ts';
import type { RunRecord } from '../../../src-core/domain/run.ts';
import { DueMonitors } from '../../../src-core/engine/due-monitors.ts';
import type { FeedMessage } from '../../../src-core/ports/index.ts';
import { clientEndKey, endKey, RESULTS_PREFIX, runIdToText } from '../../../src-core/wire/index.ts';

const T0 = Date.UTC(2026, 10, 22);
const ID = runIdToText(T0, 0, 1);
const END = endKey('app', 'biz', 'job', ID);

function answer(sequence: number, key: string, end: object, storedAt = T0 + sequence): FeedMessage {
  return { sequence, subject: RESULTS_PREFIX + key, storedAt, text: JSON.stringify(end), tooLong: false, header: () => '' };
}

function run(change: Partial<RunRecord>): RunRecord {
  return { ...emptyRecord(ID, { jobNumber: 1, namespace: 'app', app: 'biz', job: 'job' }), state: 'active', ...change };
}

async function told(after: number, messages: readonly FeedMessage[], known?: RunRecord): Promise<string[]> {
  const monitors = new DueMonitors(after);
  for (const message of messages) monitors.look(message);
  return (await monitors.due(async () => known)).map(({ subId, messageId, end }) => `${messageId} ${subId} ${end.monitorStatus}`);
}

const success = (monitorStatus: string): object => ({ status: 'success', monitorStatus });

describe('monitor messages that a take-over owes', () => {
  test('are those of answers behind what is seen to', async () => {
    expect(await told(5, [answer(5, endKey('app', 'biz', 'other', ID), success('old')), answer(6, END, success('new'))])).toEqual(['monitor:r6  new']);
  });

  test('are none for a second answer, whether the first one asked for any or not', async () => {
    expect(await told(5, [answer(5, END, success('first')), answer(6, END, success('second'))])).toEqual([]);
    expect(await told(5, [answer(4, END, { status: 'success' }), answer(6, END, success('second'))])).toEqual([]);
  });

  test('are none for an answer to a run that the view has as ended before it', async () => {
    expect(await told(5, [answer(6, END, success('late'))], run({ state: 'completed', endedAt: T0 }))).toEqual([]);
    expect(await told(5, [answer(6, END, success('its own'))], run({ state: 'completed', endedAt: T0 + 6 }))).toEqual(['monitor:r6  its own']);
  });

  test('are one for each answer of a broadcast', async () => {
    const broadcast = run({ category: 'broadcast', model: 'max' });
    expect(await told(0, [answer(1, END, success('one')), answer(2, END, success('two'))], broadcast)).toEqual(['monitor:r1  one', 'monitor:r2 a2 two']);
  });

  test('name the target when there are several', async () => {
    const key = clientEndKey('app', 'biz', 'job', ID, '2');
    expect(await told(0, [answer(1, key, success('one'))], run({ category: 'broadcast', model: 'ultra', targets: 3 }))).toEqual(['monitor:r1 2 one']);
    expect(await told(0, [answer(1, key, success('one'))], run({ model: 'ultra' }))).toEqual(['monitor:r1  one']);
  });

  test('are none for answers that nobody can read', async () => {
    expect(await told(0, [answer(1, END, { status: 'perhaps', monitorStatus: 'x' }), answer(2, 'natsjob.nothing', success('x')), answer(3, END, success('right'))])).toEqual(['monitor:r3  right']);
  });
});
