import { describe, expect, it } from 'vitest';
import { percentOf, scaleOf, ticksOf, type TimelineRow } from '../../../src-renderer/charts/timeline.ts';
import { en } from '../../../src-renderer/i18n/en.ts';
import { zhCN } from '../../../src-renderer/i18n/zh-CN.ts';
import { parseJson, pretty } from '../../../src-renderer/lib/pretty.ts';
import { eventWords } from '../../../src-renderer/pages/run/event-words.ts';
import { compareIds, mayMatch, readRunFilter, toBulkFilter } from '../../../src-renderer/parts/runs/run-filter.ts';

const RUN = {
  taskId: '912263334592512001', jobId: '1', namespace: 'app', app: 'biz', job: 'hello', category: 'standalone', model: 'max', state: 'failed', trigger: 'schedule',
  attempt: 1, attempts: 1, rootTaskId: '912263334592512001', retryTaskId: null, priority: 5, scheduledAt: '2026-03-01T08:00:00.000Z', dueAt: null, dispatchedAt: null, endedAt: null,
  expiresAt: null, latenessMs: 3, durationMs: 1500, workerId: 'worker-1', status: 'fail', reason: 'The disk was full', monitorStatus: 'mail',
} as const;

describe('filters of runs', () => {
  it('are read from the address, and nothing else is', () => {
    expect(readRunFilter(new URLSearchParams('state=failed,expired&job=hello&tab=x&reason='), 'app')).toEqual({ namespace: 'app', state: 'failed,expired', job: 'hello' });
  });

  it.each([
    [{}, true], [{ state: 'failed,expired' }, true], [{ state: 'completed' }, false], [{ job: 'hello' }, true], [{ job: 'app.biz.hello' }, true], [{ job: 'app.other.hello' }, false],
    [{ namespace: 'other' }, false], [{ worker: 'worker-2' }, false], [{ trigger: 'manual' }, false], [{ from: '2026-03-01T08:00:00Z' }, true], [{ to: '2026-03-01T08:00:00Z' }, false],
    [{ reason: 'DISK' }, true], [{ monitorStatus: 'sms' }, false], [{ minDurationMs: '1501' }, false], [{ args: 'unknown to the feed' }, true],
  ])('%j lets a live run in: %s', (filter, expected) => {
    expect(mayMatch(RUN, filter)).toBe(expected);
  });

  it('are given to bulk requests in its types', () => {
    expect(toBulkFilter({ namespace: 'app', state: 'failed,expired', trigger: 'manual', minDurationMs: '1500', args: 'a:1' }))
      .toEqual({ namespace: 'app', state: ['failed', 'expired'], trigger: ['manual'], minDurationMs: 1500, args: 'a:1' });
  });

  it('task ids compare by number, not by text', () => {
    expect(['1000', '999', '1001'].toSorted(compareIds)).toEqual(['999', '1000', '1001']);
  });
});

describe('JSON shown to people', () => {
  it('keeps every digit of a number', () => {
    expect(pretty('{"id":12345678901234567890,"rate":1.10}')).toBe('{\n  "id": 12345678901234567890,\n  "rate": 1.10\n}');
    expect(JSON.stringify(parseJson('[9007199254740993]'))).toBe('[9007199254740993]');
  });

  it('leaves what is no object and no list alone', () => {
    for (const text of ['', 'world', '42', '"x"', '{broken', '[1,']) expect(pretty(text)).toBe(text);
  });
});

describe('the timeline', () => {
  const row = (level: 0 | 1, from: number, to: number): TimelineRow => ({ key: `${from}`, label: '', level, text: '', bars: [{ from, to, tone: 'ok' }] });

  it('reaches from the first to the last moment', () => {
    expect(scaleOf([row(0, 1000, 2000), row(0, 1500, 3000)])).toEqual({ from: 1000, to: 3000 });
    expect(scaleOf([])).toEqual({ from: 0, to: 1 });
  });

  it('is not torn apart by the clock of another machine', () => {
    expect(scaleOf([row(0, 1000, 2000), row(1, 900, 2100)])).toEqual({ from: 900, to: 2100 });
    expect(scaleOf([row(0, 1000, 2000), row(1, -1_000_000, 9_000_000)])).toEqual({ from: 0, to: 3000 });
    expect(percentOf(9_000_000, { from: 0, to: 3000 })).toBe(100);
  });

  it('has few and round ticks', () => {
    expect(ticksOf({ from: 500, to: 1500 })).toEqual([0, 200, 400, 600, 800, 1000]);
    for (const length of [1, 7, 999, 61_000, 5_000_000, 400_000_000]) expect(ticksOf({ from: 0, to: length }).length).toBeLessThanOrEqual(6);
  });
});

describe('events of a run', () => {
  it.each([
    ['scheduled', 'manual, attempt 1 of 3', 'by hand, attempt 1 of 3', '手动，第 1 次，最多 3 次'],
    ['dispatched', 'worker w-1', 'worker w-1', '客户端 w-1'],
    ['next-step', 'second step sent', 'the second step was sent', '第二步已发送'],
    ['sub-run', 'target 2 by w-1: fail (bad order)', 'Target 2 by w-1: fail (bad order)', '目标 2，客户端 w-1: 失败 (bad order)'],
    ['ended', 'failed: the disk: full', 'failed: the disk: full', '失败: the disk: full'],
    ['retry', 'goes on as 17', 'goes on as run 17', '由执行 17 继续'],
    ['something new', 'said by a newer server', 'said by a newer server', 'said by a newer server'],
  ])('%s: %s', (kind, detail, english, chinese) => {
    const event = { at: '2026-03-01T08:00:00.000Z', kind, detail };
    expect(eventWords(event, en)).toBe(english);
    expect(eventWords(event, zhCN)).toBe(chinese);
  });
});
