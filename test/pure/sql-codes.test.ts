import { describe, expect, it } from 'vitest';
import { CATEGORIES, MODELS, RUN_STATES, SKIP_REASONS, SUB_RUN_KINDS, TRIGGERS } from '../../src-core/domain/index.ts';
import { CATEGORY, MODEL, SKIP_REASON, STATE, SUB_RUN_KIND, TRIGGER, type Codes } from '../../src-core/sql/sqlite/codes.ts';

/** As released: these numbers are on disks. Rows may be added, never changed. */
const RELEASED: [Codes<string>, readonly string[], Record<string, number>][] = [
  [CATEGORY, CATEGORIES, { standalone: 0, broadcast: 1, map: 2, group: 3 }],
  [MODEL, MODELS, { lite: 0, plus: 1, max: 2, pro: 3, ultra: 4 }],
  [STATE, RUN_STATES, { delayed: 0, waiting: 1, active: 2, completed: 3, failed: 4, expired: 5, cancelled: 6 }],
  [TRIGGER, TRIGGERS, { schedule: 0, manual: 1, retry: 2, 'catch-up': 3, map: 4, api: 5 }],
  [SUB_RUN_KIND, SUB_RUN_KINDS, { target: 0, flow: 1, answer: 2 }],
  [SKIP_REASON, SKIP_REASONS, {
    overlap: 0, 'no-worker': 1, 'weight-zero': 2, disabled: 3, misfire: 4, rate: 5, 'not-leader': 6, 'nats-down': 7, paused: 8, window: 9, 'queue-full': 10,
  }],
];

describe('the codes of words in the database', () => {
  it.each(RELEASED)('are what was released, and every word has one', (codes, words, released) => {
    expect(codes.toCode).toMatchObject(released);
    for (const word of words) expect(codes.toWord(codes.toCode[word]!)).toBe(word);
    expect(new Set(Object.values(codes.toCode)).size).toBe(words.length);
  });

  it('refuse a number from a newer program', () => {
    expect(() => STATE.toWord(99)).toThrow(/code 99/);
  });
});
