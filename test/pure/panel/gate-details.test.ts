import { expect, test } from 'vitest';
import { explainFire } from '../../../src-core/decide/index.ts';
import { CATEGORIES, JOB_STATES, MODELS } from '../../../src-core/domain/job.ts';
import { parts } from '../../../src-renderer/i18n/zh-CN/parts.ts';
import { aDefinition } from '../../support/job-fixture.ts';

const NOW = 1_800_000_000_000;

test('all that a gate can say has its words in Chinese', () => {
  const untold = new Set<string>();
  for (const category of CATEGORIES) for (const model of MODELS) for (const state of JOB_STATES) for (const isWell of [true, false]) for (const pause of [undefined, { until: null }, { until: NOW + 1 }]) {
    const job = aDefinition({ category, model, state, rate: category === 'map' ? null : { max: 1, perMs: 1000 }, schedule: { endAt: isWell ? null : NOW } });
    const { gates } = explainFire(job, { now: NOW, leading: isWell, connected: isWell, pause, active: 1, waiting: 1, liveWorkers: 1, targets: 1, drained: isWell ? 0 : 1, rateFreeAt: isWell ? 0 : NOW + 5 });
    for (const { detail } of gates) if (parts.gateDetail(detail) === detail) untold.add(detail);
  }
  expect([...untold]).toEqual([]);
});
