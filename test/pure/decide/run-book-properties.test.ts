import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BookEntry } from '../../../src-core/decide/index.ts';
import type { RunRecord } from '../../../src-core/domain/run.ts';
import { isFinal, RETRY_ON_EXPIRED, RETRY_ON_FAIL } from '../../../src-core/domain/run.ts';
import type { Answer, Message, RunShape } from '../../support/run-log.ts';
import { accepted, BookWithView, dispatch, end, taskId, waiting } from '../../support/run-log.ts';

interface Log {
  readonly runs: readonly Message[];
  readonly results: readonly Message[];
}

type Part = Pick<Log, 'runs' | 'results'>;

const NEXT = { kind: 'pre-end' } as const;
const answers = fc.array(fc.constantFrom<Answer>('success', 'fail', 'expired', 'cancelled', 'nonsense'), { maxLength: 3 });

/** What stands in the two streams about one run, made of the answers to it. `at` numbers runs and results apart. */
type Kind = (at: number, words: readonly Answer[]) => Part;

function endsOf(run: RunShape, at: number, words: readonly Answer[], part = {}): Message[] {
  return words.map((word, index) => end(run, word, at * 10 + index + 1, { reason: `r${index}`, clientId: index === 0 ? '' : `w${index}`, monitorStatus: index === 1 ? 'm' : '', ...part }));
}

const KINDS: Record<string, Kind> = {
  plain(at, words) {
    const run = { id: taskId(at), jobNumber: 1 };
    return { runs: [dispatch(run)], results: endsOf(run, at, words) };
  },
  queued(at, words) {
    const run = { id: taskId(at), jobNumber: 2 };
    return { runs: [accepted(run), dispatch(run)], results: endsOf(run, at, words) };
  },
  delayed(at, words) {
    const run = { id: taskId(at), jobNumber: 2 };
    return { runs: [accepted(run, { state: 'delayed' }), waiting(run), dispatch(run)], results: endsOf(run, at, words) };
  },
  cancelledBeforehand(at) {
    const run = { id: taskId(at), jobNumber: 2 };
    return { runs: [accepted(run, { state: 'delayed' }), waiting(run)], results: [end(run, 'cancelled', at * 10 + 1)] };
  },
  sentLate(at, words) {
    const run: RunShape = { id: taskId(at), model: at % 2 === 0 ? 'max' : 'ultra', jobNumber: 2 };
    const sent = run.model === 'ultra' ? dispatch(run, { tail: 'asked', subId: '1' }) : dispatch(run);
    return { runs: [accepted(run), sent], results: [end(run, 'cancelled', at * 10, { step: 0 }), ...endsOf(run, at, words)] };
  },
  toOneWorker(at, words) {
    const run: RunShape = { id: taskId(at), model: 'ultra', jobNumber: 3 };
    return { runs: [dispatch(run, { tail: 'asked', subId: '1' })], results: endsOf(run, at, words, { kind: 'client-end', subId: '1' }) };
  },
  broadcast(at, words) {
    const run: RunShape = { id: taskId(at), category: 'broadcast', jobNumber: 3 };
    return { runs: [dispatch(run)], results: endsOf(run, at, words) };
  },
  mapInOneStep(at, words) {
    const run: RunShape = { id: taskId(at), category: 'map', jobNumber: 4 };
    return { runs: [dispatch(run)], results: endsOf(run, at, words, NEXT) };
  },
  mapInTwoSteps(at, words) {
    const run: RunShape = { id: taskId(at), category: 'map', jobNumber: 4 };
    const next = end(run, 'success:next', at * 10, { ...NEXT, reason: 'kept' });
    return { runs: [dispatch(run), dispatch(run, { step: 2, expiresAt: 9 })], results: [next, ...endsOf(run, at, words)] };
  },
  mapWithLateStep(at, words) {
    const run: RunShape = { id: taskId(at), category: 'map', jobNumber: 4 };
    const next = end(run, 'success:next', at * 10, { ...NEXT, reason: 'kept' });
    return { runs: [dispatch(run), dispatch(run, { step: 2, expiresAt: 9 })], results: [next, end(run, 'cancelled', at * 10 + 1, { step: 2 }), ...endsOf(run, at + 1, words)] };
  },
  fanOut(at, words) {
    const run: RunShape = { id: taskId(at), category: 'broadcast', model: 'ultra', jobNumber: 5 };
    const targets = [1, 2].map((number) => ({ subId: String(number), workerId: `t${number}` }));
    const sent = targets.map(({ subId, workerId }) => dispatch(run, { targets: 2, subId, tail: workerId }));
    const results = words.flatMap((word, index) => endsOf(run, at, [word], { kind: 'client-end', subId: String((index % 2) + 1), reason: `r${index}` }));
    return { runs: [accepted(run, { targets }), ...sent], results };
  },
  retried(at, words) {
    const first: RunShape = { id: taskId(at), attempts: 2, retryOn: RETRY_ON_FAIL | RETRY_ON_EXPIRED, jobNumber: 6 };
    const second: RunShape = { ...first, id: taskId(at + 1_000_000), attempt: 2, rootId: first.id };
    return {
      runs: [dispatch(first), accepted(second, { state: 'delayed' }), dispatch(second)],
      results: [end(first, 'fail', at * 10), ...endsOf(second, at, words), end(first, 'success', at * 10 + 9)],
    };
  },
  retryToCome(at) {
    const run: RunShape = { id: taskId(at), attempts: 2, retryOn: RETRY_ON_FAIL, jobNumber: 6 };
    return { runs: [dispatch(run)], results: [end(run, 'fail', at * 10)] };
  },
};

/** Several runs, each of whose messages keep their order in each stream. */
const logs: fc.Arbitrary<Log> = fc.array(fc.tuple(fc.constantFrom(...Object.keys(KINDS)), answers), { minLength: 1, maxLength: 5 })
  .chain((parts) => fc.tuple(fc.constant(parts), fc.infiniteStream(fc.nat(1_000_000))))
  .map(([parts, chance]) => {
    const made = parts.map(([kind, words], index) => (KINDS[kind] as Kind)(index + 1, words));
    const draw = (): number => chance.next().value as number;
    return { runs: merge(made.map(({ runs }) => runs), draw), results: merge(made.map(({ results }) => results), draw) };
  });

function merge<T>(lists: readonly (readonly T[])[], draw: () => number): T[] {
  const rest = lists.map((list) => [...list]).filter((list) => list.length > 0);
  const all: T[] = [];
  while (rest.length > 0) {
    const at = draw() % rest.length;
    all.push(rest[at]!.shift() as T);
    if (rest[at]!.length === 0) rest.splice(at, 1);
  }
  return all;
}

/** Reads the log, one message of either stream at a time as `order` says; saves the view where it says so. */
function read(log: Log, order: readonly number[], check?: (all: BookWithView) => void): BookWithView {
  const all = new BookWithView();
  const runs = [...log.runs];
  const results = [...log.results];
  for (let step = 0; runs.length + results.length > 0; step++) {
    const draw = order[step % Math.max(1, order.length)] ?? 0;
    const feed = results.length === 0 || (draw % 2 === 0 && runs.length > 0) ? runs : results;
    (feed.shift() as Message)(all.book);
    check?.(all);
    if (draw % 7 === 3) all.save();
  }
  all.settle();
  check?.(all);
  return all;
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A run cancelled before its dispatch was read may be saved and forgotten before it is: then the view does not say when it was sent. */
function comparable(runs: ReadonlyMap<string, RunRecord>): [string, Partial<RunRecord>][] {
  return sorted(runs).map(([id, run]) => {
    const { dispatchedAt: _, expiresAt: __, step: ___, ...rest } = run;
    return [id, run.state === 'cancelled' ? rest : run];
  });
}

const orders = fc.array(fc.nat(20), { minLength: 1, maxLength: 40 });

test('the same log gives the same view however its two feeds are mixed', () => {
  fc.assert(fc.property(logs, orders, (log, order) => {
    const runsFirst = read(log, [0]);
    const mixed = read(log, order);
    expect(comparable(mixed.runs)).toEqual(comparable(runsFirst.runs));
    expect(sorted(mixed.subRuns)).toEqual(sorted(runsFirst.subRuns));
    const resultsFirst = read(log, [1]);
    expect(comparable(resultsFirst.runs)).toEqual(comparable(runsFirst.runs));
  }), { numRuns: 3000 });
});

test('what is read twice changes nothing', () => {
  fc.assert(fc.property(logs, orders, (log, order) => {
    const once = read(log, order);
    const again = read(log, order);
    for (const message of [...log.runs]) message(again.book);
    again.settle();
    expect(sorted(again.runs)).toEqual(sorted(once.runs));
    expect(sorted(again.subRuns)).toEqual(sorted(once.subRuns));
  }), { numRuns: 500 });
});

test('no run leaves a final state', () => {
  fc.assert(fc.property(logs, orders, (log, order) => {
    const ended = new Map<string, string>();
    read(log, order, ({ book }) => {
      for (const { record } of book.entries()) {
        const before = ended.get(record.id);
        if (before !== undefined) expect(record.state).toBe(before);
        if (isFinal(record.state)) ended.set(record.id, record.state);
      }
    });
  }), { numRuns: 500 });
});

test('the counts of each job are what a recount gives', () => {
  fc.assert(fc.property(logs, orders, (log, order) => {
    read(log, order, ({ book }) => {
      const entries = [...book.entries()];
      let active = 0;
      let queued = 0;
      for (const jobNumber of [1, 2, 3, 4, 5, 6]) {
        const own = entries.filter(({ record }) => record.jobNumber === jobNumber);
        const look = book.look(jobNumber);
        const counted = (place: BookEntry['place']): BookEntry[] => own.filter((entry) => placeOf(entry) === place);
        expect(new Set(look.active)).toEqual(new Set(counted('active')));
        expect(new Set(look.waiting)).toEqual(new Set(counted('waiting')));
        expect(look.delayed).toBe(counted('delayed').length);
        active += look.active.size;
        queued += look.waiting.length + look.delayed;
      }
      expect({ active: book.activeRuns, queued: book.queuedRuns }).toEqual({ active, queued });
    });
  }), { numRuns: 500 });
});

test('nothing is held in memory once the log is read and saved, but what is open', () => {
  fc.assert(fc.property(logs, orders, (log, order) => {
    const { book } = read(log, order);
    expect(book.pending.size).toBe(0);
    for (const { record } of book.entries()) expect(!isFinal(record.state) || record.retryPending).toBe(true);
  }), { numRuns: 300 });
});

function placeOf({ record, dispatching }: BookEntry): BookEntry['place'] {
  if (isFinal(record.state)) return 'none';
  if (dispatching || record.state === 'active') return 'active';
  return record.state === 'waiting' ? 'waiting' : 'delayed';
}
