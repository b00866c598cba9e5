// The questions of the golden tables. A row that is meant to differ from robfig says why.
const FROM = '2026-01-15T10:20:30Z';

const PLAIN = [
  '* * * * * *', '*/5 * * * * *', '*/7 * * * * *', '0 * * * * *', '30 */2 * * * *', '0 */15 * * * *', '0 5/15 * * * *',
  '10-20/3 * * * * *', '0 0 * * * *', '0 15 */1 * * *', '0 0 */6 * * *', '0 0 8-18 * * *', '0 0 8-18/2 * * *', '0 0 0 * * *',
  '0 30 9 * * *', '59 59 23 * * *', '0 0 0 1 * *', '0 0 0 31 * *', '0 0 0 29 2 *', '0 0 12 1,15 * *', '0 0 0 */2 * *',
  '0 0 0 10-20 * *', '0 0 0 * 1 *', '0 0 0 * JAN,jul *', '0 0 0 1 */3 *', '0 0 0 1 jan-MAR *', '0 0 0 * * 0', '0 0 0 * * SUN',
  '0 0 0 * * mon-FRI', '0 0 9 * * MON-FRI', '0 0 9 ? * MON-FRI', '0 0 9 ? * ?', '0 0 9 1 * ?', '0 0 0 */1 * MON', '0 0 0 *,5 * MON',
  '0 0 0 5,* * MON', '0 0 0 ?,5 * MON', '0 0 0 1 * MON', '0 0 0 1-31 * MON', '0 0 0 1 * */2', '0 0 0 */10 * FRI', '0 0 0 13 * FRI',
  '0 0 0 1 * *,3', '0 0 0 1 * 0-6', '0 0 0 * * 5/1', '0 0 0 * * 3/2', '0 0 0 * * sun-sun', '0 0 0 * * 0-sun', '0 0 0 * * */1',
  '0 0 0 15 6 WED', '5,10,15 1,2 3 4 5 *', '0 0 0 1,,2 * *', '0 0 0 1, * *', '0 +5 * * * *', '0 05 007 * * *', '*/60 * * * * *',
  '0 */61 * * * *', '0 0 */25 * * *', '0 0 0 */40 * *', '? ? ? ? ? ?', '*/1 */1 */1 */1 */1 */1', '0 0 0 28-31 * *',
  '0 0 0 30 4,6,9,11 *', '0 0 0 29-31 2 *', '0 0 0 1 12/1 *', '0 0 0 * 11/2 *', '1-5,10-12,58 0 0 * * *', '0-59 0 12 * * *',
  '0 0 0 31 1,2,3 *', '0 0 0-23/5 * * *', '0 59/1 * * * *', '0 0 0 25/3 * *',
  '@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly',
  '*/5 * * * *', '0 9 * * MON-FRI', '30 4 1,15 * 5', '0 0 1 1 *', '15 10 ? * *', '0 22 * * 1-5', '23 0-20/2 * * *', '5 4 * * sun',
];

/** Accepted by one side only, or meant otherwise: each with its reason. */
const ON_PURPOSE = [
  ['0 0 0 * * 7', '7 is Sunday too'],
  ['0 0 0 * * 5-7', '7 is Sunday too'],
  ['0 0 0 * * FRI-SUN', 'a range of weekdays may end on Sunday'],
  ['0 0 0 * * 1,7', '7 is Sunday too'],
  ['0 0 0 L * *', 'last day of the month'],
  ['0 0 0 LW * *', 'last weekday of the month'],
  ['0 0 0 15W * *', 'nearest weekday'],
  ['0 0 0 * * 5L', 'last Friday'],
  ['0 0 0 * * FRI#2', 'second Friday'],
  ['0 0 0 1 1 * 2027', 'a year may follow'],
  ['@Daily', 'nicknames in any case'],
  ['*-5 * * * * *', 'not a range: refused'],
  ['0 0 0 , * *', 'an empty field never fires: refused'],
  ['0 0 0 31 2 *', 'never fires: refused'],
  ['0 0 0 30 2 *', 'never fires: refused'],
  ['0 0 0 31 4,6,9,11 *', 'never fires: refused'],
  ['@every 500ms', 'under a second: refused'],
  ['@every 0s', 'under a second: refused'],
  ['@every 1d', 'd and w are units'],
  ['@every 2w', 'd and w are units'],
];

const REFUSED_BY_BOTH = [
  '0 /5 * * * *', '60 * * * * *', '0 60 * * * *', '0 0 24 * * *', '0 0 0 32 * *', '0 0 0 0 * *', '0 0 0 * 13 *', '0 0 0 * 0 *',
  '0 0 0 * * 8', '-1 * * * * *', '5-1 * * * * *', '0 0 0 * dec-jan *', '1-2-3 * * * * *', '1/2/3 * * * * *', '*/0 * * * * *',
  'a * * * * *', '0 0 0 * foo *', '0 0 0 * * monday', '1.5 * * * * *', '* * * *', '@reboot', '@every', '@every x', 'TZ=No/Where 0 0 0 * * *',
];

const STEPS = [
  '0 */10 * * * *', '0 0 * * * *', '0 30 * * * *', '0 0 */2 * * *', '0 0,30 1-3 * * *', '0 15,45 * * * *', '0 */20 0-4 * * *',
];
const FIXED = ['0 0 0 * * *', '0 30 0 * * *', '0 30 1 * * *', '0 15 2 * * *', '0 30 2 * * *', '0 0 3 * * *', '0 0 9 * * *'];
const CHANGES = [
  ['America/New_York', '2026-03-08T04:00:00Z'], ['America/New_York', '2026-11-01T03:00:00Z'],
  ['Europe/London', '2026-03-28T22:00:00Z'], ['Europe/London', '2026-10-24T22:00:00Z'],
  ['America/Sao_Paulo', '2018-11-03T22:00:00Z'], ['America/Sao_Paulo', '2018-02-17T22:00:00Z'],
  ['America/Havana', '2026-03-08T02:00:00Z'], ['America/Havana', '2026-11-01T02:00:00Z'],
  ['Africa/Cairo', '2026-04-23T20:00:00Z'], ['Africa/Cairo', '2026-10-29T18:00:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T13:00:00Z'], ['Australia/Lord_Howe', '2026-04-04T13:00:00Z'],
  ['Pacific/Apia', '2011-12-29T20:00:00Z'], ['Asia/Kolkata', '2026-03-08T04:00:00Z'],
  ['Asia/Kathmandu', '2026-03-08T04:00:00Z'], ['Asia/Shanghai', '2026-03-08T04:00:00Z'],
];

/** robfig goes forward by whole hours and so lands on the half hour after a change of 30 minutes. */
const HALF_HOUR = 'robfig steps by whole hours: a change of 30 minutes makes it miss or repeat times';
const HALF_HOUR_ROWS = {
  '2026-10-03T13:00:00Z': ['0 0 0 * * *', '0 30 1 * * *', '0 0 3 * * *', '0 0 9 * * *'],
  '2026-04-04T13:00:00Z': ['0 0 */2 * * *', '0 0 0 * * *', '0 15 2 * * *', '0 0 3 * * *', '0 0 9 * * *'],
};

const rows = [];
for (const expression of PLAIN) {
  for (const zone of ['UTC', 'Asia/Shanghai', 'America/New_York']) rows.push({ expression, zone, from: FROM });
}
for (const expression of ['0 30 9 * * *', '*/13 * * * * *', '0 0 0 * * MON', '0 0 0 29 2 *']) {
  for (const from of ['2023-12-31T23:59:59Z', '2024-02-28T18:29:59.999Z', '2024-02-29T00:00:00Z', '1999-12-31T23:59:59.5Z', '2099-12-31T12:00:00Z']) {
    for (const zone of ['Asia/Kolkata', 'Asia/Kathmandu']) rows.push({ expression, zone, from });
  }
}
for (const expression of ['TZ=Asia/Tokyo 0 30 4 * * *', 'CRON_TZ=America/Chicago 0 0 6 * * MON', 'TZ=UTC @daily', 'TZ=Asia/Tokyo   30 4 * * *']) {
  rows.push({ expression, zone: 'UTC', from: FROM });
}
for (const [expression, differs] of ON_PURPOSE) rows.push({ expression, zone: 'UTC', from: FROM, differs });
for (const expression of REFUSED_BY_BOTH) rows.push({ expression, zone: 'UTC', from: FROM });
for (const every of ['1s', '5s', '90s', '1h30m', '2m30s', '1.5h', '1500ms', '24h', '0.1h', '1h1m1s1ms']) {
  rows.push({ expression: `@every ${every}`, zone: 'UTC', from: FROM });
}
for (const [zone, from] of CHANGES) {
  for (const expression of [...STEPS, ...FIXED]) {
    const broken = zone === 'Australia/Lord_Howe' && HALF_HOUR_ROWS[from]?.includes(expression);
    rows.push({ expression, zone, from, count: 8, ...(broken ? { differs: HALF_HOUR } : {}) });
  }
}

const dst = [];
for (const [zone, from] of CHANGES) {
  for (const time of ['00:00:00', '00:30:00', '01:00:00', '01:30:00', '01:45:00', '02:00:00', '02:15:00', '02:30:00', '03:00:00', '09:00:00', '23:30:00']) {
    dst.push({ time, zone, from, days: 3 });
  }
}

export const questions = { rows, dst };
