/**
 * The words a job definition may use on the wire, spelled as clients compare them.
 * Source: the manual's "job fields" and `protocol.md` (category × model, condition).
 */

export const CATEGORIES = ['standalone', 'broadcast', 'map', 'group', 'agent'] as const;
export const MODELS = ['lite', 'plus', 'max', 'pro', 'ultra'] as const;

/** Routing of a standalone ultra job. The empty text, the default, means `clientRound`. */
export const CONDITIONS = ['clientFirst', 'clientRandom', 'clientRound', 'clientMaxWeight'] as const;

export type WireCategory = (typeof CATEGORIES)[number];
export type WireModel = (typeof MODELS)[number];
export type WireCondition = (typeof CONDITIONS)[number];

/** True for models whose runs somebody ends: `lite` and `plus` are sent and forgotten. */
export function modelIsAnswered(model: WireModel): boolean {
  return model !== 'lite' && model !== 'plus';
}
