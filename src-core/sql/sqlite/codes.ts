import type { Category, Model, RunState, SkipReason, SubRunKind, Trigger } from '../../domain/index.ts';

/**
 * The small integers that stand for words in the database. They are on people's disks: numbers are never
 * changed or used again, new words get new numbers, whatever the order of the lists in `domain/`.
 */
export const CATEGORY = codes<Category>({ standalone: 0, broadcast: 1, map: 2, group: 3 });
export const MODEL = codes<Model>({ lite: 0, plus: 1, max: 2, pro: 3, ultra: 4 });
/** Below 3 = not ended; the guards and partial indexes rely on it. */
export const STATE = codes<RunState>({ delayed: 0, waiting: 1, active: 2, completed: 3, failed: 4, expired: 5, cancelled: 6 });
export const TRIGGER = codes<Trigger>({ schedule: 0, manual: 1, retry: 2, 'catch-up': 3, map: 4, api: 5 });
export const SUB_RUN_KIND = codes<SubRunKind>({ target: 0, flow: 1, answer: 2 });
export const SKIP_REASON = codes<SkipReason>({
  overlap: 0, 'no-worker': 1, 'weight-zero': 2, disabled: 3, misfire: 4, rate: 5, 'not-leader': 6, 'nats-down': 7,
  paused: 8, window: 9, 'queue-full': 10,
});

/** Bits of `run.flags`. */
export const FLAG_RETRY_PENDING = 1;

export interface Codes<Word extends string> {
  readonly toCode: Readonly<Record<Word, number>>;
  /** Throws for a number this program does not know. */
  toWord(code: number): Word;
}

function codes<Word extends string>(toCode: Record<Word, number>): Codes<Word> {
  const words: Word[] = [];
  for (const word in toCode) words[toCode[word]] = word;
  return {
    toCode,
    toWord(code) {
      const word = words[code];
      if (word === undefined) throw new RangeError(`The database holds code ${code}, which means none of: ${words.join(', ')}.`);
      return word;
    },
  };
}
