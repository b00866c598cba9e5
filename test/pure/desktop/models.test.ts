import { describe, expect, test } from 'vitest';
import { afterPageGone, readRunMark, staticPage } from '../../../src-main/desktop/model/crash-rules.ts';
import { pageOfArguments, pageOfLink } from '../../../src-main/desktop/model/deep-link.ts';
import { DEFAULT_SETTINGS, readSettings, settingsText } from '../../../src-main/desktop/model/desktop-settings.ts';
import { loginPlan } from '../../../src-main/desktop/model/login-item.ts';
import { noticeBoard, type Happening } from '../../../src-main/desktop/model/notices.ts';
import { placesOf } from '../../../src-main/desktop/model/places.ts';
import { afterEnd, recentEnds } from '../../../src-main/desktop/model/restart-policy.ts';
import { textsFor } from '../../../src-main/desktop/model/texts.ts';
import { clockWords, lengthWords } from '../../../src-main/desktop/model/time-words.ts';
import { afterUpdateEvent, canUpdate, mayInstall, updateEntry, type UpdateCircumstances, type UpdateState } from '../../../src-main/desktop/model/updates.ts';
import { isOfPanel, loopbackOrigin, mayUse, outsideUrl } from '../../../src-main/desktop/model/window-rules.ts';

const EN = textsFor('en');

describe('restarts', () => {
  test('wait longer each time and end after five in ten minutes', () => {
    let ends: readonly number[] = [];
    const waits: unknown[] = [];
    for (let now = 0; now < 6; now++) {
      const decision = afterEnd(ends, now);
      waits.push(decision.kind === 'again' ? decision.afterMs : decision.kind);
      ends = [...ends, now];
    }
    expect(waits).toEqual([1_000, 2_000, 5_000, 10_000, 30_000, 'give-up']);
  });

  test('ends of long ago do not count, nor those of a clock that was set back', () => {
    const ends = [0, 1, 2, 3, 4];
    expect(afterEnd(ends, 10 * 60_000 + 5)).toEqual({ kind: 'again', afterMs: 1_000 });
    expect(recentEnds(ends, 10 * 60_000 + 2)).toEqual([3, 4]);
    expect(afterEnd([9e12, 9e12, 9e12, 9e12, 9e12], 1)).toEqual({ kind: 'again', afterMs: 1_000 });
  });
});

test.each([
  ['natsjobx://run/1', '/runs/1'], ['natsjobx://run/9223372036854775807', '/runs/9223372036854775807'], ['NATSJOBX://run/5/', '/runs/5'],
  ['natsjobx://run/', undefined], ['natsjobx://run/12345678901234567890', undefined], ['natsjobx://run/1#x', undefined], ['natsjobx://run/1/../2', undefined],
  ['natsjobx:run/1', undefined], ['x natsjobx://run/1', undefined], ['natsjobx://run/1\n', undefined], ['natsjobx://jobs/1', undefined], ['javascript:1', undefined], ['', undefined],
])('the link %s leads to %s', (link, page) => {
  expect(pageOfLink(link)).toBe(page);
});

test('of several links in a command line the last one counts', () => {
  expect(pageOfArguments(['natsjob', 'natsjobx://run/1', '--x', 'natsjobx://run/2', 'natsjobx://run/2 3'])).toBe('/runs/2');
  expect(pageOfArguments(['natsjob', '--url=natsjobx://run/1'])).toBeUndefined();
});

describe('addresses', () => {
  test.each([
    ['http://127.0.0.1:7788', 'http://127.0.0.1:7788'], ['http://[::1]:80/x', 'http://[::1]'], ['http://localhost:1/', 'http://localhost:1'],
    ['https://127.0.0.1:7788', undefined], ['http://127.0.0.1.example.org/', undefined], ['http://127.0.0.1@example.org/', undefined], ['http://user:pw@127.0.0.1/', undefined],
    ['http://0.0.0.0:7788', undefined], ['file:///x', undefined], ['nonsense', undefined],
  ])('a window may show %s: %s', (url, origin) => {
    expect(loopbackOrigin(url)).toBe(origin);
  });

  test('nothing is of the panel while there is none', () => {
    expect(isOfPanel('about:blank', undefined)).toBe(false);
    expect(mayUse('fullscreen', '', undefined)).toBe(false);
  });

  test.each([['https://github.com/x'], ['https://docs.nats.io/']])('%s may be opened in the browser', (url) => {
    expect(outsideUrl(url)).toBe(url);
  });

  test.each([['http://github.com/'], ['https://github.com.example.org/'], ['https://github.com:444/'], ['https://a@github.com/'], ['ms-settings:'], ['\\\\server\\share']])('%s may not', (url) => {
    expect(outsideUrl(url)).toBeUndefined();
  });
});

describe('notices', () => {
  const failure = (id: number): Happening => ({ kind: 'failure', runId: String(id), job: 'backup', reason: 'x'.repeat(1_000), expired: false });

  test('a reason is cut; a job has one notice, which is replaced', () => {
    const board = noticeBoard(EN);
    const [first, second] = [board.take(failure(1), 0), board.take(failure(2), 1)];
    expect(first?.body).toHaveLength(200);
    expect(second?.id).toBe(first?.id);
  });

  test('more than three in a minute become a sum, and a new minute begins after it', () => {
    const board = noticeBoard(EN);
    for (let i = 0; i < 5; i++) board.take(failure(i), i);
    board.take({ kind: 'recovered', runId: '9', job: 'backup' }, 6);
    expect(board.sumDueAt()).toBe(60_000);
    expect(board.sum()?.title).toBe('2 more runs failed');
    expect(board.sum()).toBeUndefined();
    expect(board.take(failure(7), 60_001)).toBeDefined();
  });

  test('a quiet minute opens the gate without a sum', () => {
    const board = noticeBoard(EN);
    for (let i = 0; i < 3; i++) board.take(failure(i), i);
    expect(board.sumDueAt()).toBeUndefined();
    expect(board.take(failure(4), 60_000)).toBeDefined();
  });

  test('what happened while nobody decided fires is told by how it came', () => {
    const gap = { kind: 'gap', from: 0, to: 90_000_000, caughtUp: 0, skipped: 1 } as const;
    expect(noticeBoard(EN).take({ ...gap, asleep: true }, 0)?.title).toBe('Slept 1 d 1 h');
    expect(noticeBoard(EN).take({ ...gap, asleep: false }, 0)?.title).toBe('Away for 1 d 1 h');
    expect(noticeBoard(textsFor('zh-CN')).take({ ...gap, asleep: true }, 0)?.body).toBe('补执行 0 次，跳过 1 次');
  });
});

test.each([[0, '0 s'], [59_999, '59 s'], [60_000, '1 min'], [3_599_999, '59 min'], [3_600_000, '1 h'], [25_920_000, '7 h 12 min'], [86_400_000, '1 d'], [-5, '0 s']])('%d ms are %s', (ms, words) => {
  expect(lengthWords(ms)).toBe(words);
});

test('a time of another day has its date', () => {
  const noon = new Date(2026, 10, 22, 12, 5).getTime();
  expect(clockWords(noon, noon + 60_000)).toBe('12:05');
  expect(clockWords(noon, noon + 86_400_000)).toBe('2026-11-22 12:05');
});

describe('settings', () => {
  test('a file says what it says, over the defaults; the rest is kept for who knows it', () => {
    const read = readSettings('{"closeToTray":false,"notices":"yes","zoomLevel":99,"later":{"a":1}}');
    expect(read).toEqual({ settings: { ...DEFAULT_SETTINGS, closeToTray: false }, unknown: { later: { a: 1 } } });
    expect(JSON.parse(settingsText(DEFAULT_SETTINGS, read?.unknown ?? {}))).toMatchObject({ later: { a: 1 }, closeToTray: true });
  });

  test.each([['{'], ['[]'], ['null'], ['"x"'], ['']])('%s is no file of settings', (text) => {
    expect(readSettings(text)).toBeUndefined();
  });

  test('names of every object are not settings', () => {
    expect(readSettings('{"toString":true,"__proto__":{"notices":false}}')?.settings).toEqual(DEFAULT_SETTINGS);
  });
});

test('the autostart file quotes the program for two readers', () => {
  const plan = loginPlan(true, { platform: 'linux', program: '/opt/a b/$x"\\%.AppImage', configHome: '/home/u/.config' });
  expect(plan).toMatchObject({ path: '/home/u/.config/autostart/natsjob.desktop', text: expect.stringContaining('Exec="/opt/a b/\\\\$x\\\\"\\\\\\\\%%.AppImage" --hidden\n') });
});

test('a portable copy is known by its launcher or its flag', () => {
  const common = { userData: '/u', logs: '/l', localData: undefined, programDir: '/p' };
  expect(placesOf({ ...common, portableDir: undefined, hasFlag: false })).toEqual({ isPortable: false, userData: '/u', data: '/u/data', conf: '/u/conf', logs: '/l' });
  expect(placesOf({ ...common, localData: '/local', portableDir: undefined, hasFlag: false })).toEqual({ isPortable: false, userData: '/u', data: '/local/data', conf: '/local/conf', logs: '/local/logs' });
  expect(placesOf({ ...common, localData: '/local', portableDir: undefined, hasFlag: true })).toMatchObject({ data: '/p/natsjob-data/data', logs: '/p/natsjob-data/logs' });
  expect(placesOf({ ...common, portableDir: '/stick', hasFlag: false })).toMatchObject({ isPortable: true, data: '/stick/natsjob-data/data', logs: '/stick/natsjob-data/logs' });
  expect(placesOf({ ...common, portableDir: undefined, hasFlag: true })).toMatchObject({ isPortable: true, data: '/p/natsjob-data/data' });
});

describe('updates', () => {
  const able: UpdateCircumstances = { isPackaged: true, isPortable: false, platform: 'win32', appImage: undefined, hasFeed: true, policy: undefined };

  test.each<[Partial<UpdateCircumstances>, boolean]>([
    [{}, true], [{ isPackaged: false }, false], [{ isPortable: true }, false], [{ hasFeed: false }, false], [{ policy: 'OFF' }, false], [{ policy: '' }, true],
    [{ platform: 'linux' }, false], [{ platform: 'linux', appImage: '/x.AppImage' }, true], [{ platform: 'darwin' }, true],
  ])('with %j: %s', (circumstances, can) => {
    expect(canUpdate({ ...able, ...circumstances })).toBe(can);
  });

  test('goes from looking to ready; what is ready stays so', () => {
    const steps = [{ type: 'checking' }, { type: 'available', version: '2.0.0' }, { type: 'downloaded', version: '2.0.0' }, { type: 'checking' }, { type: 'error' }, { type: 'not-available' }, { type: 'available', version: '2.0.0' }] as const;
    const seen: string[] = [];
    let state: UpdateState = { kind: 'idle' };
    for (const step of steps) {
      state = afterUpdateEvent(state, step);
      seen.push(state.kind);
    }
    expect(seen).toEqual(['checking', 'loading', 'ready', 'ready', 'ready', 'ready', 'ready']);
    expect(afterUpdateEvent(state, { type: 'available', version: '3.0.0' })).toEqual({ kind: 'loading', version: '3.0.0' });
    expect(afterUpdateEvent({ kind: 'unable' }, { type: 'checking' })).toEqual({ kind: 'unable' });
  });

  test('nothing is installed while runs are active, and the menu says so', () => {
    const ready: UpdateState = { kind: 'ready', version: '2.0.0' };
    expect([mayInstall(ready, 0), mayInstall(ready, 1), mayInstall({ kind: 'none' }, 0)]).toEqual([true, false, false]);
    expect(updateEntry(ready, 1, EN)).toMatchObject({ label: 'Version 2.0.0 waits until no job runs', enabled: false });
    expect(updateEntry(ready, 0, EN)).toMatchObject({ label: 'Restart into version 2.0.0', action: { do: 'install-update' } });
  });
});

describe('crashes', () => {
  test('a page is loaded again, but not twice in a minute', () => {
    expect([afterPageGone('crashed', undefined, 0), afterPageGone('oom', 0, 59_999), afterPageGone('oom', 0, 60_000), afterPageGone('clean-exit', undefined, 0)]).toEqual(['reload', 'static-page', 'reload', 'nothing']);
  });

  test('the static page holds its texts as texts', () => {
    expect(decodeURIComponent(staticPage('<b>', '"&'))).toContain('<h1>&#60;b&#62;</h1><p>&#34;&#38;</p>');
  });

  test('a mark that makes no sense is none', () => {
    expect(readRunMark('{"lastSeenAt":1,"running":2}')).toEqual({ lastSeenAt: 1, running: 2 });
    expect([readRunMark('{'), readRunMark('{}'), readRunMark('{"lastSeenAt":"1","running":2}')]).toEqual([undefined, undefined, undefined]);
  });
});

test('Chinese is shown to who reads it, English to all others', () => {
  expect(['zh-CN', 'zh', 'zh-Hant-TW', 'en', 'de-AT', 'zho'].map((locale) => textsFor(locale).quit)).toEqual(['退出 natsjob', '退出 natsjob', '退出 natsjob', 'Quit natsjob', 'Quit natsjob', 'Quit natsjob']);
});
