import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliveriesOf, storedAtOf } from '../../../src-core/worker/common/ack-reply.ts';
import { answerSubject, describeFailure, failText, isNonRetryable, outcomeOf } from '../../../src-core/worker/run/answer.ts';
import { NonRetryableError } from '../../../src-core/worker/errors.ts';
import { HandedRun, ageAtArrival } from '../../../src-core/worker/run/handed-run.ts';
import { NextStep } from '../../../src-core/worker/run/next-step.ts';
import { prefetchOf } from '../../../src-core/worker/run/prefetch.ts';
import { Recent } from '../../../src-core/worker/common/recent.ts';
import { RecentMap } from '../../../src-core/worker/common/recent-map.ts';
import { checkProgress, RunReports } from '../../../src-core/worker/run/reports.ts';
import { Lane, Slots } from '../../../src-core/worker/run/slots.ts';
import { decodeDispatch, decodeEnd, encodeRunHeader, RUN_HEADER } from '../../../src-core/wire/index.ts';
import dispatches from '../../golden/wire-dispatch.json' with { type: 'json' };
import { VirtualClock } from '../../support/virtual-clock.ts';

describe('the reply subject of a delivery', () => {
  const tail = '3.17.9.1790000000123456789.4';
  it.each([`$JS.ACK.natsjob.w=app=shop=report.${tail}`, `$JS.ACK.hub.A1B2C3.natsjob.w=app=shop=report.${tail}`, `$JS.ACK._.A1B2C3.natsjob.w.${tail}.random`])('tells how often and when, as %s', (reply) => {
    expect(deliveriesOf(reply)).toBe(3);
    expect(storedAtOf(reply)).toBe(1_790_000_000_123);
  });
  it.each(['', '_INBOX.a.b', '$JS.ACK.', '$JS.ACK.a.b.c', '$JS.ACK.natsjob.w.x.y.z'])('says nothing of %j', (reply) => {
    expect(deliveriesOf(reply)).toBe(0);
    expect(storedAtOf(reply)).toBeNaN();
  });
});

describe('a run as its handler sees it', () => {
  const at = Date.UTC(2026, 10, 22, 12);
  const arrival = { head: '', reply: '', deliveries: 1, storedAt: Number.NaN, step: 1 as const, at, monotonicAt: 0, serverAt: Number.NaN };

  it.each(dispatches.map(({ name, text }) => ({ name, text })))('is read from the wire\'s golden messages: $name', ({ text }) => {
    const dispatch = decodeDispatch(text)!;
    const run = new HandedRun(dispatch, arrival);
    const wire = JSON.parse(text) as Record<string, string>;
    expect(run).toMatchObject({ taskId: wire['taskId'], namespace: wire['namespace'], app: wire['appName'], job: wire['jobName'], category: wire['jobCategory'], model: wire['jobModel'], args: wire['jobArgs'] });
    const time = Date.parse(`${wire['jobExpireTime']}Z`) - Date.parse(`${wire['jobCreatedAt']}Z`);
    expect(run.expiresAt).toBe(Number.isNaN(time) ? undefined : at + time);
  });

  it('has its time by differences: neither zone nor clock of the scheduler matter', () => {
    const dispatch = decodeDispatch(dispatches[0]!.text)!;
    const header = encodeRunHeader({ jobNumber: 1, trigger: 'api', attempt: 1, attempts: 1, scheduledAt: 1_000, dispatchedAt: 5_000, expiresAt: 65_000, targets: 0, retryOn: 0, step: 1, priority: 5 });
    const head = `NATS/1.0\r\n${RUN_HEADER}: ${header}\r\n\r\n`;
    expect(new HandedRun(dispatch, { ...arrival, head }).expiresAt).toBe(at + 60_000);
    expect(new HandedRun(dispatch, { ...arrival, head }).createdAt).toBe(5_000);
    // Stored 7 s ago by the server, whose clock is an hour ahead of this machine's.
    const old = { ...arrival, head, storedAt: at + 3_600_000 - 7_000, serverAt: at + 3_600_000 };
    expect(ageAtArrival(old)).toBe(7_000);
    expect(new HandedRun(dispatch, old).expiresAt).toBe(at + 53_000);
  });

  it('has its args as JSON where they are some', () => {
    const dispatch = decodeDispatch(dispatches[0]!.text)!;
    const payload = (args: string): unknown => new HandedRun({ ...dispatch, args }, arrival).payload;
    expect([payload('{"a":[1]}'), payload('7'), payload('null'), payload(''), payload('{a}')]).toEqual([{ a: [1] }, 7, null, undefined, undefined]);
  });
});

describe('an answer', () => {
  it('goes to the key that came with the run, if that can be published to', () => {
    expect(answerSubject('natsjob-job-results', 'natsjob.job.end.a.b.c.912263334592512001')).toBe('$KV.natsjob-job-results.natsjob.job.end.a.b.c.912263334592512001');
    expect(answerSubject('other', 'k')).toBe('$KV.other.k');
    for (const [bucket, key] of [['a b', 'k'], ['a.b', 'k'], ['', 'k'], ['other', ''], ['other', 'a b'], ['other', 'a\r\nPUB x 0'], ['other', 'a.*'], ['other', 'a.>'], ['other', 'ä']] as const) {
      expect(answerSubject(bucket, key)).toBeUndefined();
    }
  });

  it('can be read back whatever a handler gives or throws', () => {
    fc.assert(fc.property(fc.anything(), fc.string(), (value, text) => {
      const { reason } = outcomeOf(value);
      expect(reason.length).toBeLessThanOrEqual(1_024);
      const end = decodeEnd(failText(describeFailure(value), true, { clientId: 'w', monitorPayload: text }), { allowNext: false, fromLeader: false });
      expect(end).toMatchObject({ ok: true, status: 'fail', clientId: 'w' });
    }));
  });

  it('has a result that is JSON, short ones in the reason, long ones beside it', () => {
    expect(outcomeOf(undefined)).toEqual({ reason: '' });
    expect(outcomeOf('done')).toEqual({ reason: '"done"' });
    expect(outcomeOf([1, { a: null }])).toEqual({ reason: '[1,{"a":null}]' });
    expect(outcomeOf(() => {})).toEqual({ reason: '' });
    const long = 'x'.repeat(1_023);
    expect(outcomeOf(long)).toEqual({ reason: 'a result of 1025 characters', report: long });
    expect(outcomeOf('x'.repeat(300_000))).toEqual({ reason: 'a result of 300002 characters, more than the 262144 that are kept' });
    const ring: { self?: unknown } = {};
    ring.self = ring;
    expect(outcomeOf(ring).reason).toMatch(/^the result is no JSON: TypeError: /);
  });

  it('says who failed and why', () => {
    expect(describeFailure(new TypeError('no such thing'))).toBe('TypeError: no such thing');
    expect(describeFailure(new Error(''))).toBe('Error');
    expect([describeFailure('text'), describeFailure({ code: 7 }), describeFailure(undefined), describeFailure(null)]).toEqual(['text', '{"code":7}', 'undefined', 'null']);
    expect(describeFailure({ toJSON: () => { throw new Error('no'); } })).toBe('something was thrown that says nothing');
    expect(failText('x'.repeat(5_000), false, { clientId: 'w' }).length).toBeLessThan(1_100);
  });

  it('knows what is not to be tried again, from another copy of the package too', () => {
    class Mine extends NonRetryableError {
      override readonly name = 'Mine';
    }
    const foreign = Object.assign(new Error('x'), { name: 'NonRetryableError' });
    expect([new NonRetryableError('x'), new Mine('x'), foreign, new Error('x'), 'NonRetryableError'].map(isNonRetryable)).toEqual([true, true, true, false, false]);
  });

  it('hands on JSON', () => {
    expect([new NextStep(undefined), new NextStep(null), new NextStep({ a: 1 }), new NextStep(() => {})].map(({ payload }) => payload)).toEqual(['', 'null', '{"a":1}', '']);
  });
});

describe('how far ahead is fetched', () => {
  const after = (perSecond: number, ms: number): number => {
    const prefetch = prefetchOf();
    let last = 0;
    for (let now = 0; now <= ms; now += 25) last = prefetch(Math.floor((perSecond * now) / 1_000), now);
    return last;
  };
  it('is nothing while a handler is slow', () => {
    expect(prefetchOf()(0, 1_000_000)).toBe(0);
    expect([after(1, 10_000), after(15, 10_000)]).toEqual([0, 0]);
  });
  it('is what is done in 50 ms, a thousand at most', () => {
    expect(after(2_000, 10_000)).toBeGreaterThan(95);
    expect(after(2_000, 10_000)).toBeLessThanOrEqual(100);
    expect(after(1_000_000, 10_000)).toBe(1_000);
  });
  it('is forgotten when nothing is done any more', () => {
    const prefetch = prefetchOf();
    prefetch(0, 0);
    for (let now = 25; now <= 5_000; now += 25) prefetch(now * 10, now);
    expect(prefetch(50_000, 5_000)).toBeGreaterThan(400);
    expect(prefetch(50_000, 15_000)).toBe(0);
  });
});

describe('slots', () => {
  /** A task that is done when told, or at once. */
  function taskOf(slots: Slots, lane: Lane, begun: string[], name: string, atOnce = false) {
    return { lane, begin: () => {
      begun.push(name);
      if (atOnce) slots.release(lane);
    } };
  }

  it('never begin more than the limits, whatever comes and goes', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.array(fc.constantFrom('a', 'b', 'a!', 'release'), { maxLength: 60 }), (all, each, steps) => {
      const slots = new Slots(all);
      const lanes = { a: new Lane(each), b: new Lane(all) };
      slots.add(lanes.a);
      slots.add(lanes.b);
      const begun: string[] = [];
      let taken = 0;
      for (const step of steps) {
        if (step === 'release') {
          const lane = [lanes.a, lanes.b].find(({ running }) => running > 0);
          if (lane !== undefined) slots.release(lane);
        } else {
          taken++;
          slots.take(taskOf(slots, step === 'b' ? lanes.b : lanes.a, begun, step, step.endsWith('!')));
        }
        expect(slots.running).toBeLessThanOrEqual(all);
        expect(lanes.a.running).toBeLessThanOrEqual(each);
        expect(slots.running).toBe(lanes.a.running + lanes.b.running);
        expect(begun.length + slots.waiting).toBe(taken);
        if (slots.waiting > 0) expect(slots.running === all || lanes.a.running === each).toBe(true);
      }
    }));
  });

  it('let lanes take turns, and each its runs in order', () => {
    const slots = new Slots(1);
    const [a, b] = [new Lane(1), new Lane(1)];
    slots.add(a);
    slots.add(b);
    const begun: string[] = [];
    for (const name of ['a1', 'a2', 'a3']) slots.take(taskOf(slots, a, begun, name));
    for (const name of ['b1', 'b2']) slots.take(taskOf(slots, b, begun, name));
    for (let n = 0; n < 5; n++) slots.release(begun.at(-1)!.startsWith('a') ? a : b);
    expect(begun).toEqual(['a1', 'b1', 'a2', 'b2', 'a3']);
  });

  it('do thousands that are done at once without a deep stack, and say when all are', async () => {
    const slots = new Slots(1);
    const lane = new Lane(1);
    slots.add(lane);
    const begun: string[] = [];
    slots.take(taskOf(slots, lane, begun, 'first'));
    for (let n = 0; n < 20_000; n++) slots.take(taskOf(slots, lane, begun, 'more', true));
    const idle = slots.idle();
    slots.release(lane);
    await idle;
    expect([begun.length, lane.done, slots.running, slots.waiting]).toEqual([20_001, 20_001, 0, 0]);
  });

  it('give back those that have not begun', () => {
    const slots = new Slots(1);
    const lane = new Lane(1);
    slots.add(lane);
    const begun: string[] = [];
    const tasks = ['1', '2', '3'].map((name) => taskOf(slots, lane, begun, name));
    for (const task of tasks) slots.take(task);
    expect(lane.remove((task) => task === tasks[1])).toEqual([tasks[1]]);
    slots.release(lane);
    expect([begun, slots.waiting]).toEqual([['1', '3'], 0]);
  });
});

describe('reports of a run', () => {
  function open() {
    const clock = new VirtualClock();
    const sent: Record<string, unknown>[] = [];
    return { clock, sent, reports: new RunReports((text) => sent.push(JSON.parse(text) as Record<string, unknown>), clock) };
  }

  it('are a thousand lines, the last of which says what was left out', () => {
    const { reports, sent } = open();
    for (let n = 0; n < 1_500; n++) reports.line('info', `line ${n}`);
    reports.close();
    reports.close();
    expect(sent).toHaveLength(1_000);
    expect(sent[999]).toMatchObject({ kind: 'log', level: 'warn', text: '501 more lines were left out' });
  });

  it('tell the newest progress ten times a second, and the last one always', async () => {
    const { clock, reports, sent } = open();
    for (let n = 0; n <= 10; n++) reports.progress(n);
    expect(sent.map(({ progress }) => progress)).toEqual([0]);
    await clock.advance(100);
    expect(sent.map(({ progress }) => progress)).toEqual([0, 10]);
    await clock.advance(1_000);
    reports.progress(50);
    reports.progress(100);
    reports.close();
    await clock.advance(1_000);
    expect(sent.map(({ progress }) => progress)).toEqual([0, 10, 50, 100]);
  });

  it('refuse a progress that is none', () => {
    for (const good of [0, 50.5, 100, 'half', { a: 1 }, null]) expect(() => checkProgress(good)).not.toThrow();
    for (const bad of [-1, 101, Number.NaN, undefined, () => {}, 'x'.repeat(2_000)]) expect(() => checkProgress(bad)).toThrow('progress must be a number from 0 to 100');
  });
});

it('what was done lately is remembered, within bounds', () => {
  const recent = new Recent(3);
  for (const text of ['1', '2', '3', '4']) recent.add(text);
  expect(['1', '2', '3', '4'].map((text) => recent.has(text))).toEqual([true, true, true, true]);
  for (const text of ['5', '6']) recent.add(text);
  expect(['1', '4', '6'].map((text) => recent.has(text))).toEqual([false, true, true]);
});

it('remembers the last keys with their values, and no more than twice as many', () => {
  const recent = new RecentMap<number>(3);
  for (let key = 1; key <= 5; key++) recent.set(String(key), key);
  expect(['1', '3', '5', '6'].map((key) => recent.get(key))).toEqual([1, 3, 5, undefined]);
  recent.delete('2');
  recent.set('3', 30);
  expect(['1', '2', '3', '4'].map((key) => recent.get(key))).toEqual([undefined, undefined, 30, 4]);
  recent.clear();
  expect(['3', '5'].map((key) => recent.get(key))).toEqual([undefined, undefined]);
});
