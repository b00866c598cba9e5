import { distance } from 'fastest-levenshtein';

/** ` Did you mean "limit"?`, or nothing when no name is near. */
export function didYouMean(given: string, known: readonly string[]): string {
  // Long nonsense is nobody's typing mistake, and the distance is quadratic in it.
  if (given.length > 64) return '';
  let best = '';
  let least = Math.max(2, Math.floor(given.length / 3)) + 1;
  for (const name of known) {
    const steps = distance(given.toLowerCase(), name.toLowerCase());
    if (steps < least) [best, least] = [name, steps];
  }
  return best === '' ? '' : ` Did you mean "${best}"?`;
}
