import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Situation, Verdict } from '../../../src-core/decide/index.ts';
import { decideFire, explainFire, mayRelease } from '../../../src-core/decide/index.ts';
import { CATEGORIES, JOB_STATES, MODELS, OVERLAP_POLICIES } from '../../../src-core/domain/job.ts';
import type { JobDefinition } from '../../../src-core/domain/job.ts';
import { aDefinition } from '../../support/job-fixture.ts';

const NOW = 1_800_000_000_000;
const OPEN: Situation = { now: NOW, leading: true, connected: true, pause: undefined, active: 0, waiting: 0, liveWorkers: 3, targets: 2, drained: 0, rateFreeAt: 0 };

type Row = [name: string, job: Parameters<typeof aDefinition>[0], situation: Partial<Situation>, verdict: string];

function said(verdict: Verdict): string {
  return 'reason' in verdict ? `${verdict.kind} ${verdict.reason}` : verdict.kind;
}

function decide(job: Row[1], situation: Row[2]): string {
  return said(decideFire(aDefinition(job), { ...OPEN, ...situation }));
}

describe('each gate alone', () => {
  test.each<Row>([
    ['lets everything through when all is well', {}, {}, 'dispatch'],
    ['needs this server to lead', {}, { leading: false }, 'skip not-leader'],
    ['stops a disabled job', { state: 'disabled' }, {}, 'skip disabled'],
    ['stops before the active window', { schedule: { startAt: NOW + 1 } }, {}, 'skip window'],
    ['lets its first moment through', { schedule: { startAt: NOW } }, {}, 'dispatch'],
    ['lets its last moment through', { schedule: { endAt: NOW + 1 } }, {}, 'dispatch'],
    ['stops from its end on', { schedule: { endAt: NOW } }, {}, 'skip window'],
    ['stops a paused job', { state: 'paused' }, {}, 'skip paused'],
    ['holds a paused job that queues', { state: 'paused', overlap: 'queue' }, {}, 'wait paused'],
    ['skips a paused job that replaces', { state: 'paused', overlap: 'replace' }, {}, 'skip paused'],
    ['stops every job while the whole scheduler is paused', {}, { pause: { until: null } }, 'skip paused'],
    ['until then', {}, { pause: { until: NOW + 1 } }, 'skip paused'],
    ['holds a job that queues meanwhile', { overlap: 'queue' }, { pause: { until: null } }, 'wait paused'],
    ['skips a job without rows meanwhile', { model: 'plus' }, { pause: { until: null } }, 'skip paused'],
    ['asks for no worker under max', { model: 'max' }, { liveWorkers: 0, targets: 0 }, 'dispatch'],
    ['asks for a worker under pro', { model: 'pro' }, { liveWorkers: 0 }, 'skip no-worker'],
    ['asks for a worker under ultra', { model: 'ultra' }, { liveWorkers: 0, targets: 0 }, 'skip no-worker'],
    ['does not hold a queueing job for a worker', { model: 'pro', overlap: 'queue' }, { liveWorkers: 0 }, 'skip no-worker'],
    ['asks for weight under ultra', { model: 'ultra' }, { targets: 0 }, 'skip weight-zero'],
    ['asks for a group when dispatched to groups', { model: 'pro', category: 'group' }, { targets: 0 }, 'skip no-worker'],
    ['asks for no weight under pro', { model: 'pro' }, { targets: 0 }, 'dispatch'],
    ['keeps maxRunning', { maxRunning: 2 }, { active: 2 }, 'skip overlap'],
    ['counts up to maxRunning', { maxRunning: 2 }, { active: 1 }, 'dispatch'],
    ['knows no limit under plus', { model: 'plus', maxRunning: 1 }, { active: 9 }, 'dispatch'],
    ['knows no limit under lite', { model: 'lite', maxRunning: 1 }, { active: 9 }, 'dispatch'],
    ['queues', { overlap: 'queue' }, { active: 1 }, 'wait overlap'],
    ['queues behind those who wait', { overlap: 'queue', maxRunning: 5 }, { active: 1, waiting: 1 }, 'wait overlap'],
    ['queues up to its bound', { overlap: 'queue', queueLimit: 2 }, { active: 1, waiting: 2 }, 'skip queue-full'],
    ['replaces', { overlap: 'replace' }, { active: 1 }, 'replace'],
    ['passes those who wait when it skips', { overlap: 'skip', maxRunning: 2 }, { active: 1, waiting: 3 }, 'dispatch'],
    ['keeps the rate', { rate: { max: 1, perMs: 1000 } }, { rateFreeAt: NOW + 1 }, 'skip rate'],
    ['is free again at the moment itself', { rate: { max: 1, perMs: 1000 } }, { rateFreeAt: NOW }, 'dispatch'],
    ['holds a queueing job for its rate', { overlap: 'queue', rate: { max: 1, perMs: 1000 } }, { rateFreeAt: NOW + 1 }, 'wait rate'],
    ['keeps the rate of plus, without holding', { model: 'plus', overlap: 'queue', rate: { max: 1, perMs: 1000 } }, { rateFreeAt: NOW + 1 }, 'skip rate'],
    ['needs NATS', {}, { connected: false }, 'skip nats-down'],
  ])('%s', (_name, job, situation, verdict) => {
    expect(decide(job, situation)).toBe(verdict);
  });
});

describe('the order of the gates', () => {
  /** Each shuts one gate more than the row before it, from the last gate to the first. */
  const rows: [verdict: string, job: Row[1], situation: Partial<Situation>][] = [
    ['skip nats-down', {}, { connected: false }],
    ['skip rate', { rate: { max: 1, perMs: 1000 } }, { rateFreeAt: NOW + 9 }],
    ['skip overlap', {}, { active: 1 }],
    ['skip weight-zero', { model: 'ultra' }, { targets: 0 }],
    ['skip no-worker', {}, { liveWorkers: 0 }],
    ['skip paused', { state: 'paused' }, {}],
    ['skip window', { schedule: { endAt: NOW } }, {}],
    ['skip disabled', { state: 'disabled' }, {}],
    ['skip not-leader', {}, { leading: false }],
  ];

  test.each(rows.map(([verdict], index) => [verdict, index] as const))('gives %s as the reason before all later ones', (verdict, index) => {
    const shut = rows.slice(0, index + 1);
    const job = Object.assign({}, ...shut.map(([, part]) => part)) as Row[1];
    const situation = Object.assign({}, ...shut.map(([, , part]) => part)) as Partial<Situation>;
    expect(decide(job, situation)).toBe(verdict);
  });
});

const definitions: fc.Arbitrary<JobDefinition> = fc.record({
  category: fc.constantFrom(...CATEGORIES), model: fc.constantFrom(...MODELS), state: fc.constantFrom(...JOB_STATES), overlap: fc.constantFrom(...OVERLAP_POLICIES),
  maxRunning: fc.integer({ min: 1, max: 3 }), queueLimit: fc.integer({ min: 1, max: 3 }), rate: fc.constantFrom(null, { max: 1, perMs: 1000 }),
  schedule: fc.record({ startAt: fc.constantFrom(null, NOW, NOW + 1), endAt: fc.constantFrom(null, NOW, NOW + 1) }),
}).map((part) => aDefinition(part));
const situations: fc.Arbitrary<Situation> = fc.record({
  now: fc.constant(NOW), leading: fc.boolean(), connected: fc.boolean(), pause: fc.constantFrom(undefined, { until: null }, { until: NOW + 1 }), active: fc.nat(4), waiting: fc.nat(4), liveWorkers: fc.nat(2), targets: fc.nat(2), drained: fc.nat(2),
  rateFreeAt: fc.constantFrom(0, NOW, NOW + 1),
});

describe('in any situation', () => {
  test('the explanation agrees with the decision', () => {
    fc.assert(fc.property(definitions, situations, (job, situation) => {
      const { verdict, gates } = explainFire(job, situation);
      expect(verdict).toEqual(decideFire(job, situation));
      expect(gates.every(({ pass }) => pass)).toBe(verdict.kind === 'dispatch');
      const first = gates.find(({ pass }) => !pass);
      if ('reason' in verdict && verdict.reason !== 'queue-full') expect(first?.reason).toBe(verdict.reason);
      for (const { pass, reason, detail } of gates) {
        expect(reason === undefined).toBe(pass);
        expect(detail).not.toBe('');
      }
    }));
  });

  test('nothing is dispatched or released beyond maxRunning, and nothing held by who keeps no runs', () => {
    fc.assert(fc.property(definitions, situations, (job, situation) => {
      const verdict = decideFire(job, situation);
      const keepsRows = job.model !== 'lite' && job.model !== 'plus';
      if (verdict.kind === 'dispatch' && keepsRows) expect(situation.active).toBeLessThan(job.maxRunning);
      if (mayRelease(job, situation)) expect(situation.active).toBeLessThan(job.maxRunning);
      if (verdict.kind === 'wait' || verdict.kind === 'replace') expect(keepsRows).toBe(true);
      if (verdict.kind === 'wait') expect(situation.waiting).toBeLessThan(job.queueLimit);
    }));
  });

  test('a run that waits goes as soon as a fire would that meets nobody waiting', () => {
    fc.assert(fc.property(definitions, situations, (job, situation) => {
      fc.pre(job.model !== 'lite' && job.model !== 'plus');
      expect(mayRelease(job, situation)).toBe(decideFire(job, { ...situation, waiting: 0 }).kind === 'dispatch');
    }));
  });
});
