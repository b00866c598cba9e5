import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../../src-core/wire/index.ts';
import { decodeReport, encodeReport, LOG_LEVELS, MAX_LOG_TEXT, MAX_PROGRESS_LENGTH, MAX_RESULT_LENGTH, parseReportSubject, reportSubject } from '../../../src-core/wire/index.ts';

const ID = '912248613095080013';
const at = fc.nat(4_000_000_000_000);
const json = fc.jsonValue({ maxDepth: 2 });
const report: fc.Arbitrary<Report> = fc.oneof(
  fc.record({ kind: fc.constant('log' as const), at, level: fc.constantFrom(...LOG_LEVELS), text: fc.string({ maxLength: 100 }) }),
  fc.record({ kind: fc.constant('progress' as const), at, progress: fc.oneof(fc.nat(100), json) }),
  fc.record({ kind: fc.constant('result' as const), at, value: json }),
);

describe('reports of a run', () => {
  it('go on a subject of the run', () => {
    expect(reportSubject('prod', 'billing', 'invoice', ID)).toBe(`natsjob-report.prod.billing.invoice.${ID}`);
    expect(parseReportSubject(`natsjob-report.prod.billing.invoice.${ID}`)).toEqual({ ns: 'prod', app: 'billing', job: 'invoice', taskId: ID });
  });

  it.each(['natsjob-report', 'natsjob-report.a.b.c', `natsjob-report.a.b.c.${ID}.x`, `natsjob-report.a..c.${ID}`, `natsjob-report.a.b.c d.${ID}`, 'natsjob-report.a.b.c.1', `natsjob.a.b.c.${ID}`, ''])('are not on %j', (subject) => {
    expect(parseReportSubject(subject)).toBeUndefined();
  });

  it('have these bytes', () => {
    expect(encodeReport({ kind: 'log', at: 7, level: 'warn', text: 'disk 90 %' })).toBe('{"v":1,"at":7,"kind":"log","level":"warn","text":"disk 90 %"}');
    expect(encodeReport({ kind: 'progress', at: 7, progress: 42.5 })).toBe('{"v":1,"at":7,"kind":"progress","progress":42.5}');
    expect(encodeReport({ kind: 'result', at: 7, value: { rows: [1] } })).toBe('{"v":1,"at":7,"kind":"result","value":{"rows":[1]}}');
  });

  it('come back as they were written', () => {
    fc.assert(fc.property(report, (each) => {
      const text = encodeReport(each);
      // What is too long for its kind is refused, and nothing else is.
      if (text === undefined) expect(JSON.stringify(each.kind === 'progress' ? each.progress : undefined).length).toBeGreaterThan(MAX_PROGRESS_LENGTH);
      else expect(decodeReport(text)).toEqual(JSON.parse(JSON.stringify(each)));
    }));
  });

  it('have lines of a bounded length, cut between characters', () => {
    const text = encodeReport({ kind: 'log', at: 1, level: 'info', text: '🎈'.repeat(MAX_LOG_TEXT + 9) }) ?? '';
    expect(decodeReport(text)).toEqual({ kind: 'log', at: 1, level: 'info', text: '🎈'.repeat(MAX_LOG_TEXT) });
  });

  it('refuse a progress or a result that is too long, or that JSON does not have', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    for (const value of ['x'.repeat(MAX_PROGRESS_LENGTH), undefined, () => 1, 1n, circle]) expect(encodeReport({ kind: 'progress', at: 1, progress: value })).toBeUndefined();
    for (const value of ['x'.repeat(MAX_RESULT_LENGTH), undefined, circle]) expect(encodeReport({ kind: 'result', at: 1, value })).toBeUndefined();
    expect(decodeReport(encodeReport({ kind: 'result', at: 1, value: 'x'.repeat(MAX_RESULT_LENGTH - 2) }) ?? '')).toMatchObject({ kind: 'result' });
  });

  it.each([
    '', 'no json', '[]', 'null', '{"v":2,"at":1,"kind":"progress","progress":1}', '{"v":1,"kind":"progress","progress":1}', '{"v":1,"at":-1,"kind":"progress","progress":1}',
    '{"v":1,"at":1,"kind":"progress"}', '{"v":1,"at":1,"kind":"result"}', '{"v":1,"at":1,"kind":"log","level":"loud","text":"x"}', '{"v":1,"at":1,"kind":"log","level":"info","text":5}',
    '{"v":1,"at":1,"kind":"other"}', `{"v":1,"at":1,"kind":"progress","progress":"${'x'.repeat(3_000)}"}`, `{"v":1,"at":1,"kind":"result","value":"${'x'.repeat(300_000)}"}`,
  ])('are none in %.60s', (text) => {
    expect(decodeReport(text)).toBeUndefined();
  });

  it('are never more than undefined for any text', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void decodeReport(text)));
    fc.assert(fc.property(fc.string(), (text) => void parseReportSubject(text)));
  });
});
