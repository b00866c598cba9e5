import { expect, test } from 'vitest';
import { isTrialSubject, isWatchSubject } from '../../../src-core/wire/index.ts';

test.each(['natsjob.job.start.a.b.c', 'natsjob-void.job.start.a.b.c', 'natsjob.job.client-start.a.b.c.host=10-0-0-5=8080', 'natsjob.job.中'])('%s can be tried and watched', (subject) => {
  expect([isTrialSubject(subject), isWatchSubject(subject)]).toEqual([true, true]);
});

test.each(['natsjob.>', 'natsjob-void.>', 'natsjob.job.*.app.>', 'natsjob.*.x', 'natsjob.run.accepted.a.b.c', 'natsjob-report.a.b.c.437500000000000001'])('%s can be watched only', (subject) => {
  expect([isTrialSubject(subject), isWatchSubject(subject)]).toEqual([false, true]);
});

test.each(['', '>', '*', 'natsjob', 'natsjob.', '*.job.x', 'natsjob.>.x', 'natsjob.a*', 'natsjob.job..x', 'natsjob.job.x y', 'natsjob.job.x\r\nPUB a 0', '$JS.API.>', '$KV.natsjob-control.>', '_INBOX.>', 'other.job.x', 'natsjob-report.>', 'natsjob-report.a.b.c.*', `natsjob.job.${'a.'.repeat(20)}b`, `natsjob.job.${'a'.repeat(600)}`])('%j can be neither', (subject) => {
  expect([isTrialSubject(subject), isWatchSubject(subject)]).toEqual([false, false]);
});
