import { describe, expect, it } from 'vitest';
import { findingsOf, type Situation } from '../../../src-renderer/pages/overview/verdict.ts';

const LEADER = { role: 'leader', projectionLag: 0, tickAgeMs: 300 } as const;
const STANDBY = { role: 'standby', projectionLag: 0, tickAgeMs: null } as const;
const WELL: Situation = { isCutOff: false, natsConnected: true, servers: [STANDBY, LEADER], attention: [], jobs: 3, jobsEnabled: 2 };

describe('the verdict of the overview', () => {
  it('is that all is well when nothing is found', () => {
    expect(findingsOf(WELL)).toEqual([]);
  });

  it.each<[string, Partial<Situation>, object]>([
    ['the page is cut off, whatever else was known', { isCutOff: true, natsConnected: false }, { tone: 'bad', what: 'cut-off' }],
    ['NATS is away', { natsConnected: false, servers: undefined }, { tone: 'bad', what: 'nats' }],
    ['nobody leads', { servers: [STANDBY] }, { tone: 'bad', what: 'no-leader' }],
    ['it starts', { servers: [{ ...STANDBY, role: 'starting' }] }, { tone: 'warn', what: 'starting' }],
    ['the leader hangs', { servers: [{ ...LEADER, tickAgeMs: 6_000 }] }, { tone: 'bad', what: 'tick' }],
    ['the lists are far behind', { servers: [LEADER, { ...STANDBY, projectionLag: 5_000 }] }, { tone: 'warn', what: 'lag', count: 5_000 }],
    ['all is paused', { attention: [{ kind: 'scheduler-paused' }] }, { tone: 'warn', what: 'scheduler-paused' }],
    ['no job is enabled', { jobsEnabled: 0 }, { tone: 'warn', what: 'none-enabled' }],
    ['a job keeps failing', { attention: [{ kind: 'failing' }] }, { tone: 'bad', what: 'failing', count: 1 }],
    ['two jobs are late', { attention: [{ kind: 'late' }, { kind: 'late' }] }, { tone: 'warn', what: 'late', count: 2 }],
  ])('tells that %s', (_what, patch, finding) => {
    expect(findingsOf({ ...WELL, ...patch })).toEqual([finding]);
  });

  it('tells the worst first', () => {
    const found = findingsOf({ ...WELL, servers: [{ ...LEADER, projectionLag: 2_000 }], attention: [{ kind: 'skipped' }, { kind: 'no-worker' }] });
    expect(found?.map(({ tone, what }) => `${tone} ${what}`)).toEqual(['bad no-worker', 'warn lag', 'warn skipped']);
  });

  it('calls nothing well before it has looked', () => {
    expect(findingsOf({ ...WELL, attention: undefined })).toBeUndefined();
    expect(findingsOf({ ...WELL, servers: undefined })).toBeUndefined();
  });

  it('takes a program without jobs for well', () => {
    expect(findingsOf({ ...WELL, jobs: 0, jobsEnabled: 0 })).toEqual([]);
  });
});
