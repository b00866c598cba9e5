import { describe, expect, it } from 'vitest';
import { readJobSpec } from '../../../src-core/domain/job-input.ts';
import { choiceOf, CONDITIONS, KNOWS, WHATS, YES_NO, type Answers } from '../../../src-renderer/pages/wizard/choice.ts';

const FIRST: Answers = { what: 'one', know: 'yes', live: 'no', choose: 'no', condition: 'clientRound' };
const every: readonly Answers[] = WHATS.flatMap((what) => KNOWS.flatMap((know) => YES_NO.flatMap((live) => YES_NO.flatMap((choose) => CONDITIONS.map((condition) => ({ what, know, live, choose, condition }))))));

describe('what the answers of the wizard mean', () => {
  it.each([
    [{}, 'standalone', 'max', ''],
    [{ know: 'no' }, 'standalone', 'lite', ''],
    [{ know: 'kept', live: 'yes', choose: 'yes' }, 'standalone', 'plus', ''],
    [{ live: 'yes' }, 'standalone', 'pro', ''],
    [{ live: 'yes', choose: 'yes', condition: 'clientRandom' }, 'standalone', 'ultra', 'clientRandom'],
    [{ choose: 'yes' }, 'standalone', 'max', ''],
    [{ what: 'all', live: 'yes', choose: 'yes' }, 'broadcast', 'ultra', ''],
    [{ what: 'split', live: 'yes', choose: 'yes' }, 'map', 'pro', ''],
  ] as const)('%j', (patch, category, model, condition) => {
    expect(choiceOf({ ...FIRST, ...patch })).toEqual({ category, model, condition });
  });

  it('is always a job that the scheduler takes', () => {
    for (const answers of every) {
      expect(() => readJobSpec({ app: 'shop', name: 'report', ...choiceOf(answers) }, (text) => text.length)).not.toThrow();
    }
  });
});
