import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createStampFormatter, cutCharacters, decodeFlow, encodeFlow } from '../../../src-core/wire/index.ts';
import { hasFewTokens, numberSource } from '../../../src-core/wire/json-scan.ts';

const zone = (): number => 480;
const read = (text: string) => decodeFlow(text, zone);
const ID = '2091838529360826369';

describe('a flow report', () => {
  test('is the manual’s example, odd capitals included', () => {
    expect(read(`{
"taskId": "2091838529360826368", "namespace": "app", "appName": "biz", "jobName": "owner", "clientId": "client-A",
"sceneId": "scene-1", "sceneName": "场景1", "status": "process1", "reason": "进入金丹境",
"MonitorStatus": "monitoring:email", "MonitorPayload": "积压1w条数据",
"startAt": "2099-09-09 14:47:24.000", "endAt": "2099-09-09 15:47:24.000"
}`)).toEqual({
      ok: true,
      report: {
        taskId: '2091838529360826368', namespace: 'app', appName: 'biz', jobName: 'owner', clientId: 'client-A',
        sceneId: 'scene-1', sceneName: '场景1', status: 'process1', reason: '进入金丹境', monitorStatus: 'monitoring:email', monitorPayload: '积压1w条数据',
        startAt: Date.UTC(2099, 8, 9, 6, 47, 24), endAt: Date.UTC(2099, 8, 9, 7, 47, 24),
      },
    });
  });

  test('needs a taskId only', () => {
    expect(read(`{"taskId":"${ID}"}`)).toEqual({ ok: true, report: { taskId: ID, namespace: '', appName: '', jobName: '', clientId: '', sceneId: '', sceneName: '', status: '', reason: '', monitorStatus: '', monitorPayload: '' } });
  });

  test.each([
    `{"taskId":${ID}}`,
    `{"TASKID": ${ID} }`,
    `\n{ "reason" : "\\"taskId\\":1, \\\\", "taskId"\t:\r\n${ID}\n, "x":[${ID},-${ID},1.5e300,{"taskId":7}]}`,
    `{"status":"}\\\\\\",{:${ID}","taskId":${ID},"reason":"12345678901234567890"}`,
    `{"taskId":1,"taskId":${ID}}`,
    `{"TaskId":1,"taskId":${ID},"TASKID":2}`,
  ])('keeps all digits of a number: %j', (text) => {
    expect(read(text)).toMatchObject({ ok: true, report: { taskId: ID } });
  });

  test('takes times as numbers and texts, and none for empty ones', () => {
    expect(read(`{"taskId":${ID},"startAt":1764000000000,"endAt":"1764000000001"}`)).toMatchObject({ report: { startAt: 1764000000000, endAt: 1764000000001 } });
    const none = read(`{"taskId":"${ID}","startAt":0,"endAt":""}`);
    expect(none.ok && ('startAt' in none.report || 'endAt' in none.report)).toBe(false);
  });

  test.each([
    ['', 'the report is not JSON, or has too many values'],
    ['{', 'the report is not JSON, or has too many values'],
    [`{"taskId":0${ID}}`, 'the report is not JSON, or has too many values'],
    [`{${ID}:1}`, 'the report is not JSON, or has too many values'],
    ['[]', 'the report is JSON but not an object'],
    ['{}', 'taskId is missing'],
    ['{"taskId":null}', 'taskId is missing'],
    ['{"taskId":true}', 'taskId is not a run id of 15 to 19 digits'],
    ['{"taskId":12}', 'taskId is not a run id of 15 to 19 digits'],
    ['{"taskId":-2091838529360826368}', 'taskId is not a run id of 15 to 19 digits'],
    ['{"taskId":2.091838529360826368e18}', 'taskId is not a run id of 15 to 19 digits'],
    ['{"taskId":"x"}', 'taskId is not a run id of 15 to 19 digits'],
    [`{"taskId":"${ID}","namespace":"a.>"}`, 'namespace is not a valid name'],
    [`{"taskId":"${ID}","appName":5}`, 'appName is not a valid name'],
    [`{"taskId":"${ID}","jobName":"a b\\r\\n"}`, 'jobName is not a valid name'],
    [`{"taskId":"${ID}","status":5}`, 'status is not text'],
    [`{"taskId":"${ID}","REASON":{}}`, 'reason is not text'],
    [`{"taskId":"${ID}","startAt":"yesterday"}`, 'startAt is not a time'],
    [`{"taskId":"${ID}","endAt":[]}`, 'endAt is not a time'],
    [`{"taskId":"${ID}","endAt":1e300}`, 'endAt is not a time'],
    [`{"taskId":${ID},"endAt":12345678901234567}`, 'endAt is not a time'],
  ])('%j is refused: %s', (text, problem) => {
    expect(read(text)).toEqual({ ok: false, problem });
  });

  test('is cut by character and not read when huge', () => {
    const long = '😀'.repeat(2000);
    expect(read(JSON.stringify({ taskId: ID, status: long, reason: long, sceneName: long }))).toMatchObject({ report: { status: '😀'.repeat(64), reason: '😀'.repeat(1024), sceneName: '😀'.repeat(64) } });
    expect(read(JSON.stringify({ taskId: ID, reason: 'x'.repeat(1_000_000) }))).toMatchObject({ ok: false });
  });

  test('comes back as it was written', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('\0')).map((value) => cutCharacters(value, 64));
    const name = fc.stringMatching(/^[A-Za-z0-9_-]{0,64}$/);
    const format = createStampFormatter(zone);
    fc.assert(fc.property(fc.record({ taskId: fc.constant(ID), namespace: name, appName: name, jobName: name, clientId: text, sceneId: text, sceneName: text, status: text, reason: text, monitorStatus: text, monitorPayload: text }), fc.integer({ min: 1, max: 4e12 }), (report, at) => {
      expect(read(encodeFlow({ ...report, startAt: format(at), endAt: '' }))).toEqual({ ok: true, report: { ...report, startAt: at } });
    }));
  });

  test('never throws, whatever it is', () => {
    const named = fc.dictionary(fc.constantFrom('taskId', 'TaskID', 'startAt', 'status', 'namespace', '__proto__'), fc.oneof(fc.jsonValue(), fc.bigInt().map(String), fc.maxSafeInteger())).map((value) => JSON.stringify(value));
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), named), (text) => {
      const result = read(text);
      if (!result.ok) expect(result.problem).toMatch(/^[a-z]/i);
    }), { numRuns: 2000 });
  });
});

describe('the digits of a number in JSON text', () => {
  const nasty = fc.oneof(fc.jsonValue(), fc.string({ unit: fc.constantFrom('"', '\\', '1', '{', '}', ':', ',', 'taskId') }));
  const key = fc.oneof(fc.string({ unit: fc.constantFrom('"', '\\', 't', ':', 'é') }), fc.constantFrom('taskI', 'sub', 'task_id'));

  test('are found whatever stands around them', () => {
    const entries = fc.array(fc.tuple(key, nasty), { maxLength: 5 });
    fc.assert(fc.property(entries, entries, fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.constantFrom('taskId', 'TASKID', 'task\\u0049d'), fc.constantFrom('', ' ', '\r\n\t'), (before, after, number, name, space) => {
      const member = ([k, v]: [string, unknown]): string => `${JSON.stringify(k)}${space}:${space}${JSON.stringify(v)}`;
      const nested = `"x":{"taskId":1,"y":[{"taskId":2}]}`;
      const json = `${space}{${[...before.map(member), nested, `"${name}"${space}:${space}${number}${space}`, ...after.map(member), nested].join(`${space},${space}`)}}${space}`;
      JSON.parse(json);
      expect(numberSource(json, 'taskId')).toBe(String(number));
    }), { numRuns: 2000 });
  });

  test('are none where there is no number of that name', () => {
    expect(numberSource('{"a":"taskId","b":{"taskId":5},"c":["taskId",5]}', 'taskId')).toBeUndefined();
    expect(numberSource('{"a":"taskId" , "b":5}', 'taskId')).toBeUndefined();
    expect(numberSource('{}', 'taskId')).toBeUndefined();
  });
});

describe('a costly report', () => {
  test.each([
    ['brackets', `{"taskId":"${ID}","x":${'['.repeat(400_000)}${']'.repeat(400_000)}}`],
    ['values', `{"taskId":"${ID}","x":[${'1,'.repeat(400_000)}1]}`],
  ])('of a megabyte of %s is not parsed', (_, text) => {
    expect(read(text)).toEqual({ ok: false, problem: 'the report is not JSON, or has too many values' });
  });
  test('is told from a long text, however many commas that holds', () => {
    expect(read(JSON.stringify({ taskId: ID, reason: ',"[{'.repeat(150_000) }))).toMatchObject({ ok: true });
    expect(hasFewTokens('{"a,[{":1,"b":[2]}', 4)).toBe(true);
    expect(hasFewTokens('{"a,[{":1,"b":[2]}', 2)).toBe(false);
  });
});
