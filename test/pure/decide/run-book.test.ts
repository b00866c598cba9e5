import { describe, expect, test } from 'vitest';
import { RETRY_ON_FAIL } from '../../../src-core/domain/run.ts';
import type { Message, RunShape } from '../../support/run-log.ts';
import { emptyRecord } from '../../../src-core/decide/book-entry.ts';
import { accepted, ADDRESS, BookWithView, dispatch, end, T0, taskId, waiting } from '../../support/run-log.ts';

const run: RunShape = { id: taskId(0) };
const map: RunShape = { id: taskId(1), category: 'map' };
const fan: RunShape = { id: taskId(2), category: 'broadcast', model: 'ultra' };
const broadcast: RunShape = { id: taskId(3), category: 'broadcast' };
const first: RunShape = { id: taskId(4), attempts: 3, retryOn: RETRY_ON_FAIL };
const second: RunShape = { id: taskId(5), attempt: 2, attempts: 3, retryOn: RETRY_ON_FAIL, rootId: first.id };
const targets = [{ subId: '1', workerId: 'a' }, { subId: '2', workerId: 'b' }];

function apply(...messages: Message[]) {
  const all = new BookWithView();
  for (const message of messages) message(all.book);
  return { ...all, book: all.book, told: all.told, record: (shape: RunShape) => all.book.get(shape.id)?.record, settle: () => all.settle(), view: all.runs, subRuns: all.subRuns };
}

function toTarget(number: 1 | 2): Message {
  return dispatch(fan, { targets: 2, subId: String(number), tail: targets[number - 1]!.workerId });
}

describe('an ordinary run', () => {
  test('is active from its dispatch until its end', () => {
    expect(apply(dispatch(run)).record(run)).toMatchObject({ state: 'active', dispatchedAt: T0 + 5, expiresAt: T0 + 60_000, step: 1 });
    expect(apply(dispatch(run), end(run, 'success', 1, { reason: 'ok', clientId: 'w' })).record(run))
      .toMatchObject({ state: 'completed', status: 'success', reason: 'ok', workerId: 'w', endedAt: T0 + 1001 });
  });

  test('that was cancelled while it waited has ended as soon as both are read, whichever comes first', () => {
    const whole = apply(accepted(run), end(run, 'cancelled', 1)).record(run);
    const { record, told } = apply(end(run, 'cancelled', 1), accepted(run));
    expect(record(run)).toEqual(whole);
    expect(record(run)).toMatchObject({ state: 'cancelled' });
    expect(told).toEqual([`ended ${run.id} cancelled`]);
  });

  test('that was cancelled after it had been sent has the same history whichever of the streams is read first', () => {
    const cancelled = end(run, 'cancelled', 1, { step: 1 });
    const whole = apply(accepted(run), dispatch(run), cancelled).record(run);
    expect(whole).toMatchObject({ state: 'cancelled', step: 1, dispatchedAt: T0 + 5 });
    for (const order of [[accepted(run), cancelled, dispatch(run)], [cancelled, accepted(run), dispatch(run)], [cancelled, dispatch(run)]]) {
      const { book, record, settle, view } = apply(...order.slice(0, -1));
      expect(book.pending.lowestSequence()).toBe(1);
      order.at(-1)!(book);
      expect(record(run)).toMatchObject({ state: 'cancelled', step: 1, dispatchedAt: T0 + 5, endedAt: whole!.endedAt });
      settle();
      expect(view.get(run.id)).toMatchObject({ state: 'cancelled', dispatchedAt: T0 + 5 });
    }
  });

  test('that was cancelled before it had been sent stays one that never was when its message comes late, from who led before', () => {
    const cancelled = end(run, 'cancelled', 1, { step: 0 });
    const held = accepted(run, { workerId: 'pinned' });
    const late = dispatch(run, { tail: 'pinned' });
    const orders = [[held, cancelled], [held, cancelled, late], [held, late, cancelled], [cancelled, held, late]];
    const records = orders.map((order) => {
      const { record, settle, view } = apply(...order);
      expect(record(run)).toMatchObject({ state: 'cancelled', step: 0, dispatchedAt: 0, expiresAt: 0, workerId: 'pinned' });
      settle();
      return view.get(run.id);
    });
    expect(new Set(records.map((record) => JSON.stringify(record))).size).toBe(1);
    expect(apply(accepted(run), dispatch(run, { tail: 'w' }), cancelled).record(run)).toMatchObject({ workerId: '' });
  });

  test('that was cancelled before it had been sent keeps nothing of a message that was lost', () => {
    const { book, record } = apply(accepted(run));
    const entry = book.get(run.id)!;
    book.startDispatch(entry);
    entry.record.runningCount = 3;
    end(run, 'cancelled', 1, { step: 0 })(book);
    expect(record(run)).toEqual(apply(accepted(run), end(run, 'cancelled', 1, { step: 0 })).record(run));
    expect(book.activeRuns).toBe(0);
  });

  test('that the view had as ended when it was loaded does not wait again when its acceptance comes late, from who led before', () => {
    const { book } = apply();
    book.recall(run.id);
    accepted(run)(book);
    expect([book.get(run.id), book.queuedRuns, book.unsaved, book.knows(run.id)]).toEqual([undefined, 0, 0, true]);
    accepted(map)(book);
    expect([book.queuedRuns, book.knows(fan.id)]).toEqual([1, false]);
    book.forget();
    accepted(run)(book);
    expect(book.get(run.id)?.record.state).toBe('waiting');
  });

  test('of a fan-out that was cancelled before it had been sent has no targets, should its messages come late', () => {
    const cancelled = end(fan, 'cancelled', 1, { step: 0 });
    for (const order of [[cancelled, accepted(fan, { targets }), toTarget(1)], [accepted(fan, { targets }), toTarget(1), cancelled], [toTarget(1), cancelled, accepted(fan, { targets }), toTarget(2)]]) {
      const { book, record } = apply(accepted(fan), ...order);
      expect(record(fan)).toMatchObject({ state: 'cancelled', step: 0, dispatchedAt: 0, targets: 0 });
      expect([book.workerLoad.targets, book.activeRuns]).toEqual([0, 0]);
    }
  });

  test('of a map that was cancelled after its second step had been sent waits for that step to be read', () => {
    const cancelled = end(map, 'cancelled', 2, { step: 3 });
    const { book, record } = apply(dispatch(map), end(map, 'success:next', 1, { kind: 'pre-end' }), cancelled);
    expect(record(map)).toMatchObject({ state: 'active', step: 2 });
    dispatch(map, { step: 2 })(book);
    expect(record(map)).toMatchObject({ state: 'cancelled', step: 3 });
  });

  test('of a map that was cancelled before its second step had been sent stays so when that comes late, from who led before', () => {
    const first = dispatch(map, { expiresAt: T0 + 700 });
    const next = end(map, 'success:next', 1, { kind: 'pre-end' });
    const late = dispatch(map, { step: 2, dispatchedAt: T0 + 800, expiresAt: T0 + 900 });
    const cancelled = end(map, 'cancelled', 2, { step: 2 });
    const records = [[first, next, cancelled], [first, next, cancelled, late], [first, next, late, cancelled], [first, late, next, cancelled], [next, cancelled, first, late]].map((order) => {
      const { record, settle, view, book } = apply(...order);
      expect(record(map)).toMatchObject({ state: 'cancelled', step: 2, expiresAt: T0 + 700 });
      settle();
      expect(book.activeRuns).toBe(0);
      return view.get(map.id);
    });
    expect(new Set(records.map((record) => JSON.stringify(record))).size).toBe(1);
  });

  test('that was answered before its dispatch is read waits for it, accepted or not', () => {
    const { book, record } = apply(end(run, 'success', 1), accepted(run));
    expect(record(run)).toMatchObject({ state: 'waiting' });
    dispatch(run)(book);
    expect(record(run)).toMatchObject({ state: 'completed' });
  });

  test('is what the log says when another leader has sent it that this node was about to send', () => {
    const { book, record } = apply();
    const entry = book.reserve({ ...emptyRecord(run.id, { jobNumber: 1, ...ADDRESS }), state: 'waiting', trigger: 'catch-up', args: 'mine', priority: 9, attempts: 3, runningCount: 4 });
    entry.sentInTerm = 2;
    dispatch(run)(book);
    expect(record(run)).toEqual(apply(dispatch(run)).record(run));
    expect(record(run)).toMatchObject({ trigger: 'schedule', args: 'a', state: 'active' });
  });

  test('stays what this node was about to send when its job is gone by the time its acceptance is read', () => {
    const { book, record } = apply();
    book.reserve({ ...emptyRecord(run.id, { jobNumber: 1, ...ADDRESS }), state: 'waiting', category: 'group', model: 'pro', retryOn: RETRY_ON_FAIL, args: 'mine' });
    accepted({ ...run, category: 'standalone', model: 'max', retryOn: 0 })(book);
    expect(record(run)).toMatchObject({ category: 'group', model: 'pro', retryOn: RETRY_ON_FAIL, args: 'mine' });
  });

  test.each([['before', 0], ['behind', 1]])('is not tried again when the log says so %s its end', (_where, at) => {
    const messages: Message[] = [end(first, 'fail', 1)];
    messages.splice(at, 0, (book) => book.applyNoRetry(first.id));
    expect(apply(dispatch(first), end(first, 'fail', 1)).record(first)).toMatchObject({ state: 'failed', retryPending: true });
    expect(apply(dispatch(first), ...messages).record(first)).toMatchObject({ state: 'failed', retryPending: false });
  });

  test.each([['success', 'completed'], ['fail', 'failed'], ['expired', 'expired'], ['cancelled', 'cancelled']] as const)('ends by %s as %s', (answer, state) => {
    expect(apply(dispatch(run), end(run, answer, 1)).record(run)).toMatchObject({ state, status: answer });
  });

  test('keeps its first end and counts the later ones', () => {
    const { record, told } = apply(dispatch(run), end(run, 'fail', 1), end(run, 'success', 2), end(run, 'expired', 3));
    expect(record(run)).toMatchObject({ state: 'failed' });
    expect(told.filter((word) => word === 'oddity end-late')).toHaveLength(1);
  });

  test('stays open after a bad answer, which is counted', () => {
    const { record } = apply(dispatch(run), end(run, 'nonsense', 1), end(run, 'nonsense', 2));
    expect(record(run)).toMatchObject({ state: 'active', badAnswers: 2, badAnswer: 'nonsense' });
  });

  test('is not ended by the key of another job', () => {
    const { record, told } = apply(dispatch(run), (book) => book.applyEnd({
      key: { kind: 'end', ns: 'app', app: 'biz', job: 'other', taskId: run.id }, sequence: 1, storedAt: T0, problem: '',
      end: { status: 'success', reason: '', monitorStatus: '', monitorPayload: '', clientId: '' },
    }));
    expect(record(run)?.state).toBe('active');
    expect(told).toContain('oddity end-of-another-job');
  });

  test('asks for its monitor message once, when its end counts', () => {
    const { told } = apply(dispatch(run), end(run, 'success', 1, { monitorStatus: 'red' }), end(run, 'success', 2, { monitorStatus: 'blue' }));
    expect(told.filter((word) => word.startsWith('monitored'))).toEqual([`monitored ${run.id}  red`]);
  });
});

describe('an end that is read before its dispatch', () => {
  test('waits for it', () => {
    const { record, book } = apply(end(run, 'success', 1), dispatch(run));
    expect(record(run)?.state).toBe('completed');
    expect(book.pending.size).toBe(0);
  });

  test('waits while the run is only known as accepted', () => {
    const { record } = apply(accepted(run), end(run, 'success', 1), dispatch(run));
    expect(record(run)).toMatchObject({ state: 'completed', dispatchedAt: T0 + 5 });
  });

  test('waits while this node has sent the dispatch and not read it yet', () => {
    const { record } = apply(accepted(run), (book) => book.startDispatch(book.get(run.id)!), end(run, 'success', 1), dispatch(run));
    expect(record(run)?.state).toBe('completed');
  });

  test('goes before a cancellation that came after it', () => {
    expect(apply(accepted(run), end(run, 'success', 1), end(run, 'cancelled', 2), dispatch(run)).record(run)?.state).toBe('completed');
  });

  test('counts for nothing when the whole log shows no dispatch, and lets a cancellation behind it through', () => {
    const all = apply(accepted(run), end(run, 'success', 1), end(run, 'cancelled', 2));
    expect(all.record(run)?.state).toBe('waiting');
    all.settle();
    expect(all.view.get(run.id)?.state).toBe('cancelled');
    expect(all.told).toContain('oddity end-before-dispatch');
  });
});

describe('a run that is not dispatched yet', () => {
  test('is cancelled at once, and its dispatch changes that no more', () => {
    const { record } = apply(accepted(run, { state: 'delayed' }), end(run, 'cancelled', 1), dispatch(run));
    expect(record(run)).toMatchObject({ state: 'cancelled', dispatchedAt: T0 + 5 });
  });

  test('goes from delayed to waiting, and not back', () => {
    const { record } = apply(accepted(run, { state: 'delayed' }), waiting(run), accepted(run, { state: 'delayed' }));
    expect(record(run)?.state).toBe('waiting');
  });
});

describe('map', () => {
  test('goes on to its second step by the first success:next, whose reason is kept', () => {
    const { record, told } = apply(dispatch(map), end(map, 'success:next', 1, { kind: 'pre-end', reason: 'parts: 3', clientId: 'w' }), end(map, 'success:next', 2, { kind: 'pre-end', reason: 'again' }));
    expect(record(map)).toMatchObject({ state: 'active', step: 2, reason: 'parts: 3', workerId: 'w' });
    expect(told.filter((word) => word === `next ${map.id}`)).toHaveLength(1);
  });

  test('keeps the reason too when the second step is read before the answer that asked for it', () => {
    const { record, told } = apply(dispatch(map), dispatch(map, { step: 2, expiresAt: T0 + 90_000 }), end(map, 'success:next', 1, { kind: 'pre-end', reason: 'parts: 3' }));
    expect(record(map)).toMatchObject({ step: 3, reason: 'parts: 3', expiresAt: T0 + 90_000 });
    expect(told).not.toContain(`next ${map.id}`);
  });

  test('ends by success or fail of its first step', () => {
    expect(apply(dispatch(map), end(map, 'fail', 1, { kind: 'pre-end' })).record(map)?.state).toBe('failed');
  });

  test('ignores the first step once the second is due', () => {
    const { record } = apply(dispatch(map), end(map, 'success:next', 1, { kind: 'pre-end' }), end(map, 'expired', 2, { kind: 'pre-end' }));
    expect(record(map)?.state).toBe('active');
  });

  test('holds the answer to a second step that it has not read', () => {
    const all = apply(dispatch(map), end(map, 'success:next', 1, { kind: 'pre-end' }), end(map, 'success', 2));
    expect(all.record(map)?.state).toBe('active');
    dispatch(map, { step: 2 })(all.book);
    expect(all.record(map)).toMatchObject({ state: 'completed', step: 3 });
  });
});

describe('a fan-out', () => {
  const all = [accepted(fan, { targets }), toTarget(1), toTarget(2)];
  const answer = (number: 1 | 2, status: Parameters<typeof end>[1], sequence: number): Message => end(fan, status, sequence, { kind: 'client-end', subId: String(number) });

  test.each([
    ['success', 'success', 'completed'], ['success', 'fail', 'failed'], ['fail', 'success', 'failed'], ['expired', 'success', 'expired'],
    ['fail', 'expired', 'failed'], ['expired', 'fail', 'failed'], ['cancelled', 'success', 'cancelled'], ['success', 'cancelled', 'cancelled'], ['fail', 'cancelled', 'cancelled'],
  ] as const)('whose targets say %s and %s is %s', (one, two, state) => {
    expect(apply(...all, answer(1, one, 1), answer(2, two, 2)).record(fan)).toMatchObject({ state, targetsEnded: 2 });
  });

  test('is open until all targets have ended, each once', () => {
    const { record, told } = apply(...all, answer(1, 'success', 1), answer(1, 'fail', 2));
    expect(record(fan)).toMatchObject({ state: 'active', targetsEnded: 1 });
    expect(told).toContain('oddity end-late');
  });

  test('is still being dispatched until the log shows a message to every target', () => {
    expect(apply(...all.slice(0, 2)).book.get(fan.id)?.dispatching).toBe(true);
    expect(apply(...all).book.get(fan.id)?.dispatching).toBe(false);
  });

  test('holds more early answers than a few', () => {
    const many = Array.from({ length: 300 }, (_, index) => ({ subId: String(index + 1), workerId: `w${index}` }));
    const ends = many.map(({ subId }, index) => end(fan, 'success', index + 1, { kind: 'client-end', subId }));
    const sent = many.map(({ subId, workerId }) => dispatch(fan, { targets: 300, subId, tail: workerId }));
    expect(apply(...ends, accepted(fan, { targets: many }), ...sent).record(fan)).toMatchObject({ state: 'completed', targetsEnded: 300 });
  });
});

describe('a broadcast', () => {
  test('ends with its first answer and keeps the others as sub-runs', () => {
    const all = apply(dispatch(broadcast), end(broadcast, 'success', 1), end(broadcast, 'fail', 2, { reason: 'late', monitorStatus: 'm' }));
    all.settle();
    expect(all.view.get(broadcast.id)?.state).toBe('completed');
    expect([...all.subRuns.values()]).toMatchObject([{ kind: 'answer', number: 2, status: 'fail', reason: 'late' }]);
    expect(all.told).toContain(`monitored ${broadcast.id} a2 m`);
  });
});

describe('a retry', () => {
  test('is owed after a failure with attempts left, until its acceptance is read', () => {
    const { record } = apply(dispatch(first), end(first, 'fail', 1));
    expect(record(first)).toMatchObject({ state: 'failed', retryPending: true });
    expect(apply(dispatch(first), end(first, 'fail', 1), accepted(second, { state: 'delayed' })).record(first)).toMatchObject({ retryPending: false, retryId: second.id });
  });

  test('is known when its acceptance is read before the end it follows from', () => {
    const { record } = apply(dispatch(first), accepted(second, { state: 'delayed' }), end(first, 'fail', 1));
    expect(record(second)?.state).toBe('delayed');
    expect(record(first)).toMatchObject({ state: 'failed', retryPending: false, retryId: second.id });
  });

  test('is known by its dispatch alone', () => {
    expect(apply(dispatch(first), end(first, 'fail', 1), dispatch(second)).record(first)).toMatchObject({ retryPending: false, retryId: second.id });
  });

  test('of which the log holds two plans goes by the first', () => {
    const twin = { ...second, id: taskId(6) };
    const { record, told } = apply(dispatch(first), end(first, 'fail', 1), accepted(second, { state: 'delayed' }), accepted(twin, { state: 'delayed' }));
    expect(record(twin)).toBeUndefined();
    expect(told).toContain('oddity attempt-twice');
  });

  test('follows the one before it, by the id of the first', () => {
    const third = { ...second, id: taskId(7), attempt: 3 };
    const all = apply(dispatch(first), end(first, 'fail', 1), accepted(second), dispatch(second), end(second, 'fail', 2));
    all.settle();
    expect(all.record(second)?.retryPending).toBe(true);
    expect(all.record(first)).toBeUndefined();
    accepted(third)(all.book);
    dispatch(third)(all.book);
    end(third, 'fail', 3)(all.book);
    all.settle();
    expect(all.view.get(second.id)).toMatchObject({ retryPending: false, retryId: third.id });
    expect(all.view.get(third.id)).toMatchObject({ state: 'failed', retryPending: false });
    expect(all.book.size).toBe(0);
  });
});

describe('what a worker has open', () => {
  const load = (worker: string, ...messages: Message[]): number => {
    const { book, save } = withView(...messages);
    save();
    return book.workerLoad.of(`app.biz.${worker}`);
  };
  const withView = (...messages: Message[]) => {
    const all = new BookWithView();
    for (const message of messages) message(all.book);
    return { book: all.book, save: () => all.save() };
  };
  const one: RunShape = { id: taskId(6), model: 'ultra' };
  const sent = dispatch(one, { tail: 'a', subId: '1' });

  test('is each run that was sent to it, until it ends', () => {
    expect(load('a', sent, sent)).toBe(1);
    expect(load('b', sent)).toBe(0);
    const done = end(one, 'success', 1, { kind: 'client-end', subId: '1', clientId: 'other' });
    expect([load('a', sent, done), load('other', sent, done), load('a', done, sent)]).toEqual([0, 0, 0]);
  });

  test('is each run that waits for it', () => {
    expect(load('a', accepted(one, { workerId: 'a' }))).toBe(1);
    expect(load('a', accepted(one, { workerId: 'a' }), sent)).toBe(1);
    expect(load('a', accepted(one, { workerId: 'a' }), end(one, 'cancelled', 1))).toBe(0);
  });

  test('is each target of a fan-out that was sent and has not ended', () => {
    const plan = accepted(fan, { targets });
    const done = (subId: string, number: number) => end(fan, 'success', number, { kind: 'client-end', subId });
    expect([load('a', plan), load('a', plan, toTarget(1)), load('b', plan, toTarget(1))]).toEqual([0, 1, 0]);
    expect(load('a', plan, toTarget(1), toTarget(2), done('1', 1))).toBe(0);
    expect(load('b', plan, toTarget(1), toTarget(2), done('1', 1))).toBe(1);
    expect(load('b', plan, toTarget(1), toTarget(2), done('1', 1), done('2', 2))).toBe(0);
    expect(load('b', plan, toTarget(1), toTarget(2), end(fan, 'cancelled', 1))).toBe(0);
  });

  test('is the same after a restart from the view', () => {
    const before = new BookWithView();
    for (const message of [sent, accepted(fan, { targets }), toTarget(1), toTarget(2), end(fan, 'success', 1, { kind: 'client-end', subId: '1' })]) message(before.book);
    before.save();
    const after = new BookWithView();
    for (const run of before.runs.values()) after.book.load({ ...run }, [...before.subRuns.values()].filter((sub) => sub.runId === run.id));
    expect([after.book.workerLoad.of('app.biz.a'), after.book.workerLoad.of('app.biz.b')]).toEqual([1, 1]);
  });
});
