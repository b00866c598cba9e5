import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeHeartbeat, encodeHeartbeat, HEARTBEAT_LIMITS } from '../../../src-core/wire/index.ts';

const bare = { id: 'client-1', namespace: 'app', appName: 'biz' };
const empty = { ip: '', comment: '', weight: 100, capacity: 0, group: '', machineCpuUsage: '', machineMemoryUsage: '', processCpuUsage: '', processMemoryRss: '' };
const read = (fields: object) => decodeHeartbeat(JSON.stringify({ ...bare, ...fields }));

describe('a heartbeat', () => {
  test('is the manual’s example', () => {
    expect(decodeHeartbeat('{\n "id": "client-1",\n "namespace": "app",\n "appName": "biz",\n "ip": "127.0.0.1",\n "comment": "demo",\n "weight": 100\n}')).toEqual({
      ok: true, heartbeat: { ...bare, ...empty, ip: '127.0.0.1', comment: 'demo' },
    });
  });
  test('needs three fields; nulls and unknown fields do no harm; capitals do not matter', () => {
    expect(read({ ip: null, comment: null, weight: null, group: null, processCpuUsage: null, extra: [1] })).toEqual({ ok: true, heartbeat: { ...bare, ...empty } });
    expect(decodeHeartbeat('{"ID":"a","Namespace":"app","appname":"biz"}')).toMatchObject({ ok: true, heartbeat: { id: 'a' } });
  });
  test.each([[undefined, 100], [0, 0], [7, 7], [-1, 0], [-0.5, 0], [0.2, 1], [99.5, 100], ['80', 80], ['-3', 0], ['', 100], [1e300, 1_000_000]])('of weight %j weighs %j', (weight, expected) => {
    expect(read({ weight })).toMatchObject({ ok: true, heartbeat: { weight: expected } });
  });
  test.each([[undefined, 0], [null, 0], [0, 0], [8, 8], [-1, 0], ['16', 16], [1e300, 1_000_000]])('of capacity %j works on %j runs at once', (capacity, expected) => {
    expect(read({ capacity })).toMatchObject({ ok: true, heartbeat: { capacity: expected } });
  });
  test('may give usages as numbers, and a group', () => {
    expect(read({ machineCpuUsage: 12.5, processMemoryRss: '300 MB', group: '华东' })).toMatchObject({ ok: true, heartbeat: { machineCpuUsage: '12.5', processMemoryRss: '300 MB', group: '华东' } });
  });
  test.each([
    [{ id: '' }, 'id is missing or not fit for a subject'], [{ id: 5 }, 'id is missing or not fit for a subject'], [{ id: 'a.b' }, 'id is missing or not fit for a subject'], [{ id: '>' }, 'id is missing or not fit for a subject'],
    [{ namespace: 'a b' }, 'namespace is missing or not a valid name'], [{ appName: null }, 'appName is missing or not a valid name'],
    [{ weight: 'heavy' }, 'weight is not a number'], [{ weight: true }, 'weight is not a number'], [{ weight: [] }, 'weight is not a number'], [{ capacity: 'all' }, 'capacity is not a number'],
    [{ group: 'a.*' }, 'group is not fit for a subject'], [{ group: 1 }, 'group is not fit for a subject'], [{ ip: 1 }, 'ip is not text'], [{ comment: {} }, 'comment is not text'],
    [{ machineCpuUsage: true }, 'machineCpuUsage is neither text nor a number'],
  ])('with %j is refused: %s', (fields, problem) => {
    expect(read(fields)).toEqual({ ok: false, problem });
  });
  test.each([['', 'the heartbeat is not JSON'], ['[]', 'the heartbeat is JSON but not an object'], ['null', 'the heartbeat is JSON but not an object']])('%j is refused: %s', (text, problem) => {
    expect(decodeHeartbeat(text)).toEqual({ ok: false, problem });
  });
  test('is bounded', () => {
    expect(read({ comment: '界'.repeat(5000) })).toMatchObject({ ok: true, heartbeat: { comment: '界'.repeat(256) } });
    expect(read({ comment: 'x'.repeat(20_000) })).toMatchObject({ ok: false });
    expect(decodeHeartbeat(encodeHeartbeat({ ...bare, comment: 'abcdef' }), { ...HEARTBEAT_LIMITS, maxText: 3 })).toMatchObject({ heartbeat: { comment: 'abc' } });
  });
  test('comes back as it was written', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((value) => !value.includes('\0'));
    fc.assert(fc.property(fc.record({ ip: text, comment: text, weight: fc.nat(1_000_000), capacity: fc.nat(1_000_000), group: fc.stringMatching(/^[a-z=]{0,64}$/), machineCpuUsage: text, machineMemoryUsage: text, processCpuUsage: text, processMemoryRss: text }), (rest) => {
      expect(decodeHeartbeat(encodeHeartbeat({ ...bare, ...rest }))).toEqual({ ok: true, heartbeat: { ...bare, ...rest } });
    }));
  });
  test('never throws, whatever it is', () => {
    const named = fc.dictionary(fc.constantFrom('id', 'namespace', 'appName', 'weight', 'group', 'ip'), fc.oneof(fc.jsonValue(), fc.constant('a'))).map((value) => JSON.stringify(value));
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), named), (text) => {
      const result = decodeHeartbeat(text);
      if (result.ok) expect(result.heartbeat.weight).toBeGreaterThanOrEqual(0);
    }), { numRuns: 2000 });
  });
});
