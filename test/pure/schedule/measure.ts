// Prints what schedules cost here. Run: node --expose-gc --experimental-strip-types test/pure/schedule/measure.ts
import { FireBook, parseSchedule, ScheduleCache, type Schedule, type ScheduleSpec } from '../../../src-core/schedule/index.ts';

const FROM = Date.parse('2026-03-01T00:00:00Z');
const JOBS = 86_400;

for (const [expression, timezone] of [
  ['* * * * * *', 'America/New_York'], ['0 */5 * * * *', 'America/New_York'], ['0 30 9 * * *', 'America/New_York'],
  ['0 30 9 * * MON-FRI', 'Asia/Shanghai'], ['0 0 0 L * *', 'Europe/London'], ['@every 7s', 'UTC'],
] as const) {
  const schedule = parseSchedule(specOf(expression, timezone));
  walk(schedule, 300);
  console.log(`next() of ${expression} in ${timezone}: ${walk(schedule, 300).toFixed(2)} us`);
}

const cache = new ScheduleCache(20_000);
const heapBefore = heap();
let start = performance.now();
const schedules: Schedule[] = [];
for (let job = 0; job < JOBS; job += 1) {
  schedules.push(cache.get(specOf(`${job % 60} ${Math.floor(job / 60) % 60} ${Math.floor(job / 3600)} * * ${job % 2 === 0 ? '*' : 'MON-FRI'}`, 'Asia/Shanghai')));
}
console.log(`parse ${JOBS} distinct expressions: ${(performance.now() - start).toFixed(0)} ms, ${(heap() - heapBefore).toFixed(0)} MB`);

start = performance.now();
const book = new FireBook<number>();
schedules.forEach((schedule, job) => book.set(job, schedule, FROM));
console.log(`enter them in a book: ${(performance.now() - start).toFixed(0)} ms, ${(heap() - heapBefore).toFixed(0)} MB with the schedules`);

const shared = new FireBook<number>();
for (let job = 0; job < 10_000; job += 1) shared.set(job, parseSchedule(specOf('* * * * * *', 'UTC')), FROM);
start = performance.now();
for (let second = 1; second <= 10_000; second += 1) shared.due(FROM + second * 1000);
console.log(`a tick of 10,000 jobs on one expression: ${((performance.now() - start) / 10).toFixed(2)} us`);

start = performance.now();
const distinct = new FireBook<number>();
for (let job = 0; job < 10_000; job += 1) distinct.set(job, parseSchedule(specOf(`*/${1 + (job % 59)} ${job % 60}-59 0-${job % 24} * * *`, 'Asia/Shanghai')), FROM);
start = performance.now();
let fires = 0;
for (let second = 1; second <= 1000; second += 1) for (const due of distinct.due(FROM + second * 1000)) fires += due.jobs.length;
console.log(`per fire where 10,000 jobs have expressions of their own: ${(((performance.now() - start) / fires) * 1000).toFixed(2)} us`);

/** Microseconds per fire over some fires in a row, in a realistic stretch of time. */
function walk(schedule: Schedule, count: number): number {
  const begun = performance.now();
  for (let at: number | undefined = FROM, left = count; at !== undefined && left > 0; left -= 1) at = schedule.next(at);
  return ((performance.now() - begun) / count) * 1000;
}

function specOf(expression: string, timezone: string): ScheduleSpec {
  return { expression, timezone, dst: 'once', anchor: FROM };
}

function heap(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}
