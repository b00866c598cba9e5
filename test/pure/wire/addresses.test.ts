import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isValidName } from '../../../src-core/domain/names.ts';
import * as wire from '../../../src-core/wire/index.ts';

const golden = JSON.parse(readFileSync(new URL('../../golden/wire-subjects.json', import.meta.url), 'utf8')) as { stream: [string, wire.StreamSubject][]; unknown: string[] };
const ID = '912248613095080013';
const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const client = fc.stringMatching(/^[A-Za-z0-9_=-]{1,64}$/);
const taskId = fc.bigInt({ min: 10n ** 14n, max: 2n ** 63n - 1n }).map(String);

describe('names and worker ids', () => {
  test.each(['a', 'app', 'A-1_b', 'x'.repeat(64)])('%s is a name', (text) => {
    expect([wire.isName(text), isValidName(text), wire.isClientId(text)]).toEqual([true, true, true]);
  });
  test.each(['', 'x'.repeat(65), 'a.b', 'a b', '*', '>', 'ä', 'a\n', 'a='])('%j is not a name', (text) => {
    expect([wire.isName(text), isValidName(text)]).toEqual([false, false]);
  });
  test.each(['host=10-0-0-5=8080=1a2b3c4d', '华东', '😀'.repeat(128), '$x/y:z'])('%s may be a worker id', (text) => {
    expect(wire.isClientId(text)).toBe(true);
  });
  test.each(['', 'x'.repeat(129), 'a.b', 'a b', 'a\tb', 'a\u00a0b', 'a*', '>', '\u0000', '\u007f', 'a\n', '\ud800', 'x\udc00'])('%j may not', (text) => {
    expect(wire.isClientId(text)).toBe(false);
  });
  test('a group is shorter', () => {
    expect([wire.isGroup('x'.repeat(64)), wire.isGroup('x'.repeat(65)), wire.isGroup('')]).toEqual([true, false, false]);
  });
});

describe('subjects', () => {
  test.each(golden.stream)('%s is read', (subject, parsed) => {
    expect(wire.parseStreamSubject(subject)).toEqual(parsed);
  });
  test.each(golden.unknown)('%j is unknown', (subject) => {
    expect(wire.parseStreamSubject(subject)).toEqual({ kind: 'unknown' });
  });
  test('are built as the protocol spells them', () => {
    expect([
      wire.startSubject('app', 'biz', 'owner', true), wire.preStartSubject('app', 'biz', 'owner', true), wire.startSubject('app', 'biz', 'owner'),
      wire.preStartSubject('app', 'biz', 'owner'), wire.clientStartSubject('app', 'biz', 'owner', 'c=1'), wire.groupStartSubject('app', 'biz', 'owner', 'g'),
      wire.agentStartSubject('app', 'biz', 'owner', 'a'), wire.cancelSubject('app', 'biz', 'owner', ID), wire.monitorSubject('app', 'biz'), wire.runEventSubject('accepted', 'app', 'biz', 'owner'),
    ]).toEqual([
      'natsjob-void.job.start.app.biz.owner', 'natsjob-void.job.pre-start.app.biz.owner', 'natsjob.job.start.app.biz.owner',
      'natsjob.job.pre-start.app.biz.owner', 'natsjob.job.client-start.app.biz.owner.c=1', 'natsjob.job.group-start.app.biz.owner.g',
      'natsjob.job.agent-start.app.biz.owner.a', `natsjob.job.cancel.app.biz.owner.${ID}`, 'natsjob.job.monitor.app.biz', 'natsjob.run.accepted.app.biz.owner',
    ]);
    expect([wire.FLOW_SUBJECT, wire.MONITOR_SUBJECT, wire.SKIPS_SUBJECT]).toEqual(['natsjob.job.sub-result-flow', 'natsjob.job.monitor', 'natsjob.run.skips']);
  });
  test('come back as they were built', () => {
    fc.assert(fc.property(name, name, name, client, taskId, (ns, app, job, tail, id) => {
      expect(wire.parseStreamSubject(wire.startSubject(ns, app, job))).toEqual({ kind: 'dispatch', action: 'start', ns, app, job });
      expect(wire.parseStreamSubject(wire.clientStartSubject(ns, app, job, tail))).toEqual({ kind: 'dispatch', action: 'client-start', ns, app, job, tail });
      expect(wire.parseStreamSubject(wire.cancelSubject(ns, app, job, id))).toEqual({ kind: 'cancel', ns, app, job, taskId: id });
      expect(wire.parseStreamSubject(wire.runEventSubject('removed', ns, app, job))).toEqual({ kind: 'run-event', event: 'removed', ns, app, job });
      expect(wire.parseStreamSubject(wire.runEventSubject('no-retry', ns, app, job))).toEqual({ kind: 'run-event', event: 'no-retry', ns, app, job });
      expect(wire.parseStreamSubject(wire.runEventSubject('waiting', ns, app, job))).toEqual({ kind: 'run-event', event: 'waiting', ns, app, job });
    }));
  });
});

describe('keys', () => {
  test('come back as they were built', () => {
    fc.assert(fc.property(name, name, name, taskId, client, (ns, app, job, id, sub) => {
      expect(wire.parseEndKey(wire.endKey(ns, app, job, id))).toEqual({ kind: 'end', ns, app, job, taskId: id });
      expect(wire.parseEndKey(wire.preEndKey(ns, app, job, id))).toEqual({ kind: 'pre-end', ns, app, job, taskId: id });
      expect(wire.parseEndKey(wire.clientEndKey(ns, app, job, id, sub))).toEqual({ kind: 'client-end', ns, app, job, taskId: id, subId: sub });
      expect(wire.parseHeartbeatKey(wire.heartbeatKey(ns, app, sub))).toEqual({ ns, app, clientId: sub });
      expect(wire.parseDefinitionKey(wire.namespaceKey(ns))).toEqual({ kind: 'namespace', ns });
      expect(wire.parseDefinitionKey(wire.appKey(ns, app))).toEqual({ kind: 'app', ns, app });
      expect(wire.parseDefinitionKey(wire.jobKey(ns, app, job))).toEqual({ kind: 'job', ns, app, job });
    }));
  });
  test('are spelled as the protocol does', () => {
    expect([wire.endKey('app', 'biz', 'owner', ID), wire.preEndKey('app', 'biz', 'owner', ID), wire.clientEndKey('app', 'biz', 'owner', ID, '1'), wire.heartbeatKey('app', 'biz', 'client-1')]).toEqual([
      `natsjob.job.end.app.biz.owner.${ID}`, `natsjob.job.pre-end.app.biz.owner.${ID}`, `natsjob.job.client-end.app.biz.owner.${ID}.1`, 'natsjob.heartbeat.client.app.biz.client-1',
    ]);
  });
  test.each(['', 'natsjob.job.end', `natsjob.job.end.app.biz.owner.${ID}.1`, 'natsjob.job.end.app.biz.owner.abc', `natsjob.job.END.app.biz.owner.${ID}`, `natsjob.job.client-end.app.biz.owner.${ID}`, `natsjob.job.client-end.app.biz.owner.${ID}.`, `natsjob.job.client-end.app.biz.owner.${ID}.a.b`, `natsjob.job.end..biz.owner.${ID}`, `natsjob.job.end.*.biz.owner.${ID}`, `natsjob.job.end.app.biz.owner.0${ID}`])('%j is no end key', (key) => {
    expect(wire.parseEndKey(key)).toBeUndefined();
  });
  test.each(['', 'natsjob.heartbeat.client.app.biz', 'natsjob.heartbeat.client.app.biz.', 'natsjob.heartbeat.client.app.biz.a.b', 'natsjob.heartbeat.client.app.biz.>', 'natsjob.heartbeat.server.app.biz.a'])('%j is no heartbeat key', (key) => {
    expect(wire.parseHeartbeatKey(key)).toBeUndefined();
  });
  test.each(['', 'ns', 'ns.', 'ns.a.b', 'app.a', 'app.a.b.c', 'job.a.b', 'job.a.b.c.d', 'job.a..c', 'job.a.*.c', 'other.a', 'ns.ä'])('%j is no definition key', (key) => {
    expect(wire.parseDefinitionKey(key)).toBeUndefined();
  });
  test('stand behind their bucket in a subject', () => {
    expect(wire.RESULTS_STREAM).toBe('KV_natsjob-job-results');
    expect(wire.kvKey(wire.RESULTS_PREFIX, '$KV.natsjob-job-results.a.b')).toBe('a.b');
    expect(wire.kvKey(wire.RESULTS_PREFIX, '$KV.natsjob-job-results.')).toBeUndefined();
    expect(wire.kvKey(wire.RESULTS_PREFIX, '$KV.natsjob-heartbeat.a')).toBeUndefined();
  });
  test('and subjects never throw, and never read what is not addressable', () => {
    const dotted = fc.array(fc.oneof(fc.constantFrom('natsjob', 'job', 'run', 'end', 'pre-end', 'client-end', 'start', 'cancel', 'monitor', 'heartbeat', 'client', 'ns', 'app', '*', '>', '', ID), fc.string({ unit: 'binary' })), { maxLength: 9 }).map((parts) => parts.join('.'));
    fc.assert(fc.property(fc.oneof(dotted, fc.string({ unit: 'binary' })), (text) => {
      const parsed = [wire.parseStreamSubject(text), wire.parseEndKey(text), wire.parseHeartbeatKey(text), wire.parseDefinitionKey(text)];
      if (/[*>\s]/.test(text)) expect(parsed).toEqual([{ kind: 'unknown' }, undefined, undefined, undefined]);
    }), { numRuns: 1000 });
  });
});

test.each([
  ['standalone', 'lite', { isVoid: true, action: 'start' }], ['broadcast', 'plus', { isVoid: false, action: 'start' }], ['standalone', 'pro', { isVoid: false, action: 'start' }],
  ['standalone', 'ultra', { isVoid: false, action: 'client-start', target: 'worker' }], ['broadcast', 'ultra', { isVoid: false, action: 'client-start', target: 'worker' }],
  ['map', 'lite', { isVoid: true, action: 'pre-start' }], ['map', 'max', { isVoid: false, action: 'pre-start' }], ['map', 'ultra', undefined],
  ['group', 'pro', { isVoid: false, action: 'group-start', target: 'group' }], ['group', 'max', undefined], ['agent', 'pro', { isVoid: false, action: 'agent-start', target: 'agent' }],
] as const)('a job that is %s %s is dispatched by %j', (category, model, route) => {
  expect(wire.dispatchRoute(category, model)).toEqual(route);
});
