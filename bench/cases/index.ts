import type { Case } from '../support/types.ts';
import { max } from './max.ts';

/** By the name that `--case` takes, in the order they run. */
export const CASES: Readonly<Record<string, Case>> = { max };
