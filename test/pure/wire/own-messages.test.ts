import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TRIGGERS } from '../../../src-core/domain/run.ts';
import type { RunAccepted, RunHeader, SkipItem } from '../../../src-core/wire/index.ts';
import * as wire from '../../../src-core/wire/index.ts';

const ID = '912248613095080013';
const taskId = fc.bigInt({ min: 10n ** 14n, max: 2n ** 63n - 1n }).map(String);
const token = fc.stringMatching(/^[A-Za-z0-9_=,-]{1,60}$/);
const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const ms = fc.integer({ min: 0, max: 4e12 });
const trigger = fc.constantFrom(...TRIGGERS);

test('the pause of the scheduler comes back as it was written', () => {
  fc.assert(fc.property(fc.record({ since: ms, until: fc.option(ms, { nil: null }), resumedAt: fc.option(ms, { nil: null }) }), (pause) => {
    expect(wire.decodePause(wire.encodePause(pause))).toEqual(pause);
  }));
  expect(wire.encodePause({ since: 1, until: null, resumedAt: null })).toBe('{"v":1,"since":1,"until":null,"resumedAt":null}');
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void wire.decodePause(text)));
});

describe('the run header', () => {
  const header: fc.Arbitrary<RunHeader> = fc.record({
    jobNumber: fc.nat(2 ** 21), trigger, attempt: fc.integer({ min: 1, max: 99 }), attempts: fc.integer({ min: 1, max: 99 }),
    scheduledAt: ms, dispatchedAt: ms, expiresAt: ms, rootTaskId: taskId, subId: token, targets: fc.nat(10_000), retryOn: fc.nat(3),
    step: fc.constantFrom(1 as const, 2 as const), priority: fc.nat(9),
  }, { requiredKeys: ['jobNumber', 'trigger', 'attempt', 'attempts', 'scheduledAt', 'dispatchedAt', 'expiresAt', 'targets', 'retryOn', 'step', 'priority'] });
  const usual: RunHeader = { jobNumber: 77, trigger: 'schedule', attempt: 1, attempts: 3, scheduledAt: 1764000000000, dispatchedAt: 1764000000003, expiresAt: 1764000060003, targets: 0, retryOn: 3, step: 1, priority: 5 };

  test('is short, one line, byte for byte', () => {
    expect(wire.encodeRunHeader(usual)).toBe('1,s,77,1,3,1764000000000,3,60000,3,1,5,0,,');
    expect(wire.encodeRunHeader({ ...usual, trigger: 'retry', expiresAt: 0, rootTaskId: ID, subId: 'a,b=1', targets: 2, step: 2 })).toBe(`1,r,77,1,3,1764000000000,3,,3,2,5,2,${ID},a,b=1`);
  });
  test('comes back as it was written', () => {
    fc.assert(fc.property(header, (run) => {
      const text = wire.encodeRunHeader(run);
      expect(text).toMatch(/^[\x21-\x7e]+$/);
      expect(wire.decodeRunHeader(text)).toEqual(run);
    }), { numRuns: 2000 });
  });
  test.each(['', ',', '1', '2,s,77,1,3,1,3,6,3,1,5,0,,', '1,x,77,1,3,1,3,6,3,1,5,0,,', '1,constructor,77,1,3,1,3,6,3,1,5,0,,', '1,s,-7,1,3,1,3,6,3,1,5,0,,', '1,s,77,0,3,1,3,6,3,1,5,0,,', '1,s,77,1,3,1,x,6,3,1,5,0,,', '1,s,77,1,3,1,-9,6,3,1,5,0,,', '1,s,77,1,3,1,3,6,3,3,5,0,,', '1,s,77,1,3,1,3,6,3,1,5,0,12,', '1,s,77,1,3,1,3,6,3,1,5,0,,a b', '1,s,77,1,3,1,3,6,3,1,5,0,', '1,s,7 7,1,3,1,3,6,3,1,5,0,,', '1,s,1e3,1,3,1,3,6,3,1,5,0,,', '1,s,9999999999999999,1,3,1,3,6,3,1,5,0,,'])('%j is none', (text) => {
    expect(wire.decodeRunHeader(text)).toBeUndefined();
  });
  test('never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.oneof(fc.string(), fc.integer().map(String), fc.constantFrom('', '1', 's')), { minLength: 12, maxLength: 16 }).map((parts) => parts.join(','))), (text) => {
      wire.decodeRunHeader(text);
    }), { numRuns: 2000 });
  });
});

test('message ids of one run are all different', () => {
  const ids = [wire.dispatchMsgId(ID, 1), wire.dispatchMsgId(ID, 2), wire.dispatchMsgId(ID, 1, '1'), wire.dispatchMsgId(ID, 1, '2'), wire.eventMsgId('accepted', ID), wire.eventMsgId('waiting', ID)];
  expect(ids).toEqual([ID, `${ID}:2`, `${ID}:t1`, `${ID}:t2`, `${ID}:e:accepted`, `${ID}:e:waiting`]);
});

describe('events of our own', () => {
  const required = { v: fc.constant(1 as const), taskId, jobNumber: fc.nat(), trigger, attempt: fc.integer({ min: 1, max: 9 }), attempts: fc.nat(9), scheduledAt: ms, dueAt: ms, state: fc.constantFrom('delayed' as const, 'waiting' as const) };
  const target = fc.record({ subId: token, workerId: token, group: token }, { requiredKeys: ['subId'] });
  const accepted = fc.record({ ...required, rootTaskId: taskId, args: fc.string(), priority: fc.nat(9), workerId: token, targets: fc.array(target, { maxLength: 4 }), expiresAt: ms }, { requiredKeys: Object.keys(required) as (keyof typeof required)[] });
  const skip: fc.Arbitrary<SkipItem> = fc.tuple(fc.nat(), name, name, name, fc.constantFrom('overlap', 'no-worker'), ms, fc.nat(), ms);

  test('come back as they were written', () => {
    fc.assert(fc.property(accepted, fc.array(skip, { maxLength: 5 }), (run, items) => {
      expect(wire.decodeRunAccepted(wire.encodeRunAccepted(run as RunAccepted))).toEqual(run);
      expect(wire.decodeRunsRemoved(wire.encodeRunsRemoved({ v: 1, taskIds: [run.taskId, ID] }))).toEqual({ v: 1, taskIds: [run.taskId, ID] });
      expect(wire.decodeRunWaiting(wire.encodeRunWaiting({ v: 1, taskId: run.taskId }))).toEqual({ v: 1, taskId: run.taskId });
      expect(wire.decodeSkipReport(wire.encodeSkipReport({ v: 1, items }))).toEqual({ v: 1, items });
    }));
  });

  const good = { v: 1, taskId: ID, jobNumber: 1, trigger: 'api', attempt: 1, attempts: 1, scheduledAt: 1, dueAt: 2, state: 'delayed' };
  test.each([{ v: 2 }, { v: undefined }, { taskId: 5 }, { taskId: 'x' }, { jobNumber: -1 }, { trigger: 'whim' }, { attempt: 0 }, { dueAt: '2' }, { state: 'active' }, { args: 5 }, { rootTaskId: '1' }, { workerId: 'a.b' }, { priority: 0.5 }, { targets: {} }, { targets: [{}] }, { targets: [{ subId: '*' }] }, { targets: [{ subId: 'a', group: '>' }] }, { expiresAt: null }])('an accepted run with %j is none', (wrong) => {
    expect(wire.decodeRunAccepted(JSON.stringify(good))).toEqual(good);
    expect(wire.decodeRunAccepted(JSON.stringify({ ...good, ...wrong }))).toBeUndefined();
  });
  test.each(['', '{}', '{"v":1}', '{"v":1,"items":{}}', '{"v":1,"items":[[1]]}', '{"v":1,"items":[[1,"a","b","c","",0,1,2]]}', '{"v":1,"items":[[1,"a","b.","c","x",0,1,2]]}', '{"v":1,"items":[[1,"a","b","c","x",0,-1,2]]}'])('%j is no skip report', (text) => {
    expect(wire.decodeSkipReport(text)).toBeUndefined();
  });
  test('never throw', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.dictionary(fc.constantFrom(...Object.keys(good), 'items', 'targets'), fc.jsonValue()).map((value) => JSON.stringify({ v: 1, ...value }))), (text) => {
      wire.decodeRunAccepted(text);
      wire.decodeRunWaiting(text);
      wire.decodeRunsRemoved(text);
      wire.decodeSkipReport(text);
      wire.decodeMonitor(text);
      wire.decodeDispatch(text);
    }), { numRuns: 2000 });
  });
});

test('a monitor message is all text, in this order, and spells createAt so', () => {
  const message = { jobName: 'owner', appName: 'biz', namespace: 'app', createAt: '2099-09-09 14:47:24.000', monitorPayload: '数据', monitorStatus: 'monitor:sms', reason: '', status: 'fail', subTaskId: '', taskId: ID };
  const text = `{"taskId":"${ID}","subTaskId":"","status":"fail","reason":"","monitorStatus":"monitor:sms","monitorPayload":"数据","createAt":"2099-09-09 14:47:24.000","namespace":"app","appName":"biz","jobName":"owner"}`;
  expect(wire.encodeMonitor(message)).toBe(text);
  expect(wire.decodeMonitor(text)).toEqual(message);
  expect(wire.decodeMonitor('{"taskId":5}')).toBeUndefined();
});
