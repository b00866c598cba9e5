import { describe, expect, test } from 'vitest';
import { count, notDone } from './accounts.ts';
import type { Evidence } from './accounts.ts';
import { fires, runId } from './load.ts';
import type { ChaosJob } from './load.ts';
import type { LogMessage } from './log-content.ts';
import type { RunRow } from './views.ts';
import type { Sighting } from './witness.ts';

const FROM = Date.UTC(2026, 0, 1);
const job = (more: Partial<ChaosJob> = {}): ChaosJob => ({ kind: 'max', app: 'core', name: 'max-0', model: 'max', category: 'standalone', attempts: 1, isCounted: true, number: 7, version: 1, everySeconds: 1, anchor: 0, ...more });
const id = runId(FROM, 7);
const stored = (more: Partial<LogMessage> = {}): LogMessage => ({ sequence: 1, subject: 'natsjob.job.start.chaos.core.max-0', id, term: 1, taskId: id, storedAt: FROM + 5, ...more });
const seen = (more: Partial<Sighting> = {}): Sighting => ({ subject: 'natsjob.job.start.chaos.core.max-0', taskId: id, job: 'max-0', reply: 'a', term: 1, at: FROM + 5, notBefore: more.at ?? FROM + 5, times: 1, ...more });
const row = (more: Partial<RunRow> = {}): RunRow => ({ id, jobNumber: 7, state: 3, attempt: 1, attempts: 1, rootId: '0', ...more });
const evidence = (more: Partial<Evidence> = {}): Evidence => ({
  jobs: [job()], from: FROM, until: FROM + 1000, log: [stored()], sightings: [seen()], blind: [], runs: [row()], byHand: [], natsEnds: [], isCluster: false, ...more,
});
const lists = (given: Evidence): Record<string, number> => {
  const { lost, twice, stuck, shownAgain } = count(given);
  return { lost: lost.length, twice: twice.length, stuck: stuck.length, shownAgain: shownAgain.length };
};
const NOTHING = { lost: 0, twice: 0, stuck: 0, shownAgain: 0 };

describe('the accounts of a chaos run', () => {
  test('find nothing when each fire was stored, seen and ended once', () => {
    expect(lists(evidence())).toEqual(NOTHING);
    expect(count(evidence())).toMatchObject({ expected: 1, dispatched: 1 });
  });

  const again = seen({ reply: 'b', at: FROM + 3_000, term: 2 });
  const map = job({ name: 'map-0', category: 'map' });
  const retried = job({ attempts: 3 });
  const wrong: readonly [string, Partial<Evidence>, Partial<typeof NOTHING>][] = [
    ['a fire that is nowhere', { log: [], sightings: [], runs: [] }, { lost: 1 }],
    ['a fire that is not in the stream', { log: [] }, { lost: 2 }],
    ['a message no subscriber saw', { sightings: [] }, { lost: 1 }],
    ['a run that is not in the history', { runs: [] }, { lost: 1 }],
    ['a run by hand that was accepted and never sent', { byHand: ['123'] }, { lost: 1 }],
    ['a run that does not end', { runs: [row({ state: 2 })] }, { stuck: 1 }],
    ['a run stored twice', { log: [stored(), stored({ sequence: 2 })] }, { twice: 1 }],
    ['a run seen twice', { sightings: [seen(), again] }, { twice: 1 }],
    ['a publish delivered twice', { sightings: [seen({ times: 2 })] }, { twice: 1 }],
    ['a run given to two workers', { sightings: [seen({ subject: 'natsjob.job.client-start.chaos.core.max-0.w1' }), { ...again, subject: 'natsjob.job.client-start.chaos.core.max-0.w2' }], log: [stored({ subject: 'natsjob.job.client-start.chaos.core.max-0.w1' })] }, { twice: 1 }],
    ['a failed run that was not tried again', { jobs: [retried], runs: [row({ attempts: 3, state: 4 })] }, { lost: 1 }],
    ['an attempt made twice', { jobs: [retried], runs: [row({ attempts: 3, state: 4 }), row({ id: '5', rootId: id, attempt: 2, attempts: 3 }), row({ id: '6', rootId: id, attempt: 2, attempts: 3 })] }, { twice: 1 }],
    ['monitor messages that did not come', { jobs: [map] }, { lost: 2 }],
  ];
  test.each(wrong)('find %s', (_what, more, found) => {
    expect(lists(evidence(more))).toEqual({ ...NOTHING, ...found });
  });

  test('hold lite to once at most, and not to once', () => {
    const lite = { jobs: [job({ model: 'lite' })], log: [], runs: [] };
    const void_ = { subject: 'natsjob-void.job.start.chaos.core.max-0', reply: '', term: 0 };
    expect(lists(evidence({ ...lite, sightings: [] }))).toEqual(NOTHING);
    expect(lists(evidence({ ...lite, sightings: [seen(void_)] }))).toEqual(NOTHING);
    expect(lists(evidence({ ...lite, sightings: [seen({ ...void_, times: 2 })], natsEnds: [{ from: FROM + 10, to: FROM + 10 }] }))).toEqual({ ...NOTHING, twice: 1 });
  });

  test('set apart what a server showed and did not store before it was ended, and only that', () => {
    const later = { log: [stored({ storedAt: FROM + 3_000 })], sightings: [seen(), again] };
    expect(lists(evidence({ ...later, natsEnds: [{ from: FROM + 10, to: FROM + 10 }] }))).toEqual({ ...NOTHING, shownAgain: 1 });
    expect(lists(evidence({ ...later, natsEnds: [{ from: FROM - 1_000, to: FROM - 1_000 }] }))).toEqual({ ...NOTHING, twice: 1 });
    expect(lists(evidence({ ...later, natsEnds: [{ from: FROM + 5_000, to: FROM + 5_000 }] }))).toEqual({ ...NOTHING, twice: 1 });
    const slowly = { natsEnds: [{ from: FROM - 400, to: FROM }] };
    expect(lists(evidence({ ...later, ...slowly }))).toEqual({ ...NOTHING, shownAgain: 1 });
    // Whoever counts stood still, and looked at it when the server was long gone; the second one was looked at late, too.
    const late = { log: [stored({ storedAt: FROM + 3_000 })], sightings: [seen({ at: FROM + 2_900, notBefore: FROM }), seen({ ...again, at: FROM + 6_000, notBefore: FROM + 2_900 })] };
    expect(lists(evidence({ ...late, natsEnds: [{ from: FROM + 10, to: FROM + 10 }] }))).toEqual({ ...NOTHING, shownAgain: 1 });
    // The servers left took their time to elect.
    const elected = { isCluster: true, natsEnds: [{ from: FROM, to: FROM }], sightings: [seen({ at: FROM + 17_000 }), seen({ ...again, at: FROM + 20_000, notBefore: FROM + 20_000 })] };
    expect(lists(evidence({ ...elected, log: [stored({ storedAt: FROM + 20_000 })] }))).toEqual({ ...NOTHING, shownAgain: 1 });
    expect(lists(evidence({ ...elected, log: [stored({ sequence: 1, subject: 'natsjob.run.skipped', taskId: '', storedAt: FROM + 500 }), stored({ sequence: 2, storedAt: FROM + 20_000 })] }))).toEqual({ ...NOTHING, twice: 1 });
    // The first one was stored: sending it again was our fault.
    expect(lists(evidence({ sightings: [seen(), again], natsEnds: [{ from: FROM + 10, to: FROM + 10 }] }))).toEqual({ ...NOTHING, twice: 1 });
  });

  test('hold nobody to a run by hand that was shown, not stored and not promised', () => {
    const hand = { sightings: [seen(), seen({ subject: 'natsjob.job.start.chaos.core.hand-0-core', job: 'hand-0-core', taskId: '912' })] };
    expect(lists(evidence(hand))).toEqual({ ...NOTHING, lost: 1 });
    expect(lists(evidence({ ...hand, natsEnds: [{ from: FROM + 10, to: FROM + 10 }] }))).toEqual({ ...NOTHING, shownAgain: 1 });
    expect(lists(evidence({ ...hand, natsEnds: [{ from: FROM + 10, to: FROM + 10 }], byHand: ['912'] }))).toEqual({ ...NOTHING, lost: 2 });
  });

  test('do not count as lost what the witnesses could not see', () => {
    expect(count(evidence({ sightings: [], blind: [{ from: FROM, to: FROM + 100 }] }))).toMatchObject({ lost: [], missedByWitness: 1 });
    expect(lists(evidence({ sightings: [], blind: [{ from: FROM + 60_000, to: FROM + 61_000 }] }))).toEqual({ ...NOTHING, lost: 1 });
  });

  test('wait for what was due before the end, and hold nobody to what came after it', () => {
    const later = row({ id: runId(FROM + 5_000, 7) });
    const left = (...runs: RunRow[]): number | undefined => notDone({ runs, jobs: [job(), retried], until: FROM + 1_000 });
    expect(left(row())).toBeUndefined();
    expect(left(row(), later)).toBe(0);
    expect(left(row({ state: 1 }), later)).toBe(1);
    expect(left(row({ attempts: 3, state: 4 }), later)).toBe(1);
    expect(left(row({ attempts: 2, state: 4 }), row({ id: runId(FROM + 9_000, 7), rootId: id, attempt: 2, attempts: 2, state: 2 }), later)).toBe(1);
    expect(left(row(), { ...later, state: 1 })).toBe(0);
    expect(lists(evidence({ jobs: [retried], runs: [row(), row({ id: runId(FROM + 1_000, 7), attempts: 3, state: 4 })] }))).toEqual(NOTHING);
  });

  test('foretell fires by the clock, and by what `@every` counts from', () => {
    expect(fires(job({ everySeconds: 2 }), FROM + 1, FROM + 5_000)).toEqual([FROM + 2_000, FROM + 4_000]);
    expect(fires(job({ everySeconds: 3, anchor: FROM - 1_000 }), FROM, FROM + 6_000)).toEqual([FROM + 2_000, FROM + 5_000]);
  });
});
