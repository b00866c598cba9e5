import { describe, expect, test } from 'vitest';
import { scheduleWords } from '../../../src-core/http/schedule-words.ts';

describe('a schedule in words', () => {
  test.each([
    ['', 'By hand only', '仅手动触发'],
    ['@every 10s', 'Every 10 seconds', '每 10 秒一次'],
    ['@every 1d', 'Every day', '每 1 天一次'],
    ['@every 1h30m', 'Every 1 hour 30 minutes', '每 1 小时 30 分钟一次'],
    ['0 0 2 * * *', 'Every day at 02:00', '每天 02:00'],
    ['*/5 * * * *', 'Every 5 minutes', '每隔 5 分钟'],
    ['0 9 * * MON-FRI', 'At 09:00, Monday through Friday', '09:00，星期一至星期五'],
    ['0 30 7 ? * 0', 'At 07:30, only on Sunday', '07:30，仅星期日'],
    ['@daily', 'Every day at 00:00', '每天 00:00'],
    ['CRON_TZ=UTC @hourly', 'Every hour (UTC)', '每小时（UTC）'],
    ['@at 2027-01-31T09:00:00+08:00', 'Once, at 2027-01-31 09:00:00 UTC+08:00', '一次，2027-01-31 09:00:00 UTC+08:00'],
  ])('%s', (expression, en, zh) => {
    expect(scheduleWords(expression)).toEqual({ en, 'zh-CN': zh });
  });

  test.each(['nonsense', '@every soon', '@sometimes', '99 * * * *', '* * *'])('%s has none', (expression) => {
    expect(scheduleWords(expression)).toBeNull();
  });
});
