import type { Category, Condition, Model } from './words.ts';

export const WHATS = ['one', 'all', 'split'] as const;
export const KNOWS = ['yes', 'kept', 'no'] as const;
export const YES_NO = ['no', 'yes'] as const;
export const CONDITIONS = ['clientRound', 'clientMaxWeight', 'clientRandom', 'clientFirst'] as const;

/** What was answered to the questions of the wizard. */
export interface Answers {
  /** One worker does it, every worker does it, or it is split into pieces. */
  readonly what: (typeof WHATS)[number];
  /** How it ended is wanted; it may be unknown but not be lost; it may be lost. */
  readonly know: (typeof KNOWS)[number];
  /** Only while a worker lives. */
  readonly live: (typeof YES_NO)[number];
  /** The scheduler names the worker. */
  readonly choose: (typeof YES_NO)[number];
  readonly condition: (typeof CONDITIONS)[number];
}

export interface Choice {
  readonly category: Category;
  readonly model: Model;
  readonly condition: Condition | '';
}

/** The cell of the category × model table that the answers mean. Questions that were not asked count for nothing. */
export function choiceOf(answers: Answers): Choice {
  const category = ({ one: 'standalone', all: 'broadcast', split: 'map' } as const)[answers.what];
  const asked = questionsOf(answers);
  const model = answers.know === 'no' ? 'lite' : answers.know === 'kept' ? 'plus' : asked.choose && answers.choose === 'yes' ? 'ultra' : answers.live === 'yes' ? 'pro' : 'max';
  return { category, model, condition: model === 'ultra' && asked.condition ? answers.condition : '' };
}

/** Which of the later questions make sense after the earlier answers. */
export function questionsOf({ what, know, live, choose }: Answers): { readonly live: boolean; readonly choose: boolean; readonly condition: boolean } {
  const isLive = know === 'yes';
  // Nobody chooses who shares the pieces of a map.
  const isChoose = isLive && live === 'yes' && what !== 'split';
  return { live: isLive, choose: isChoose, condition: isChoose && choose === 'yes' && what === 'one' };
}
