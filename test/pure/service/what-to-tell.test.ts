import { describe, expect, it } from 'vitest';
import { notifyAsked } from '../../../src-main/service/notify.ts';
import { LONGEST_UNREADY_MS, NOTHING_TOLD, whatToTell } from '../../../src-main/service/what-to-tell.ts';

const READY = { role: 'leader', natsConnected: true, databaseWritable: true, tickAgeMs: 3, ready: true, problems: [] } as const;
const WAITING = { role: 'starting', natsConnected: false, databaseWritable: true, tickAgeMs: undefined, ready: false, problems: ['NATS is not\nconnected', 'the log is not read yet'] } as const;
const MOMENT = { pid: 7, startedMs: 100, beat: false };

describe('what systemd is told', () => {
  it('is said once, and anew when it changes', () => {
    const waiting = whatToTell(WAITING, NOTHING_TOLD, MOMENT);
    expect(waiting.words).toEqual(['STATUS=Not ready: NATS is not connected; the log is not read yet']);
    const ready = whatToTell(READY, waiting.told, MOMENT);
    expect(ready.words).toEqual(['READY=1', 'MAINPID=7', 'STATUS=Ready as leader']);
    expect(whatToTell(READY, ready.told, MOMENT).words).toEqual([]);
    expect(whatToTell(WAITING, ready.told, MOMENT).words).toEqual(waiting.words);
  });

  it('is that it is started, once it has waited long enough for NATS', () => {
    expect(whatToTell(WAITING, NOTHING_TOLD, { ...MOMENT, startedMs: LONGEST_UNREADY_MS - 1 }).told.ready).toBe(false);
    expect(whatToTell(WAITING, NOTHING_TOLD, { ...MOMENT, startedMs: LONGEST_UNREADY_MS }).words.slice(0, 2)).toEqual(['READY=1', 'MAINPID=7']);
  });

  it('holds a sign of life only while ticks go on, or rightly do not', () => {
    const { told } = whatToTell(READY, NOTHING_TOLD, MOMENT);
    const beats = (health: Parameters<typeof whatToTell>[0]) => whatToTell(health, told, { ...MOMENT, beat: true }).words.includes('WATCHDOG=1');
    expect(beats(READY)).toBe(true);
    expect(beats({ ...READY, tickAgeMs: 29_000 })).toBe(true);
    expect(beats({ ...READY, tickAgeMs: 31_000 })).toBe(false);
    expect(beats({ ...READY, tickAgeMs: 31_000, natsConnected: false })).toBe(true);
    expect(beats({ ...READY, role: 'standby', tickAgeMs: undefined })).toBe(true);
  });
});

it('systemd asks by variables, and for signs of life only of the process it means', () => {
  expect(notifyAsked({}, 7)).toBeUndefined();
  expect(notifyAsked({ NOTIFY_SOCKET: '/run/x' }, 7)).toEqual({ watchdogMs: undefined });
  expect(notifyAsked({ NOTIFY_SOCKET: '@x', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '7' }, 7)).toEqual({ watchdogMs: 60_000 });
  expect(notifyAsked({ NOTIFY_SOCKET: '@x', WATCHDOG_USEC: '60000000', WATCHDOG_PID: '8' }, 7)).toEqual({ watchdogMs: undefined });
  expect(notifyAsked({ NOTIFY_SOCKET: '@x', WATCHDOG_USEC: 'soon' }, 7)).toEqual({ watchdogMs: undefined });
});
