import type { Random } from '../ports/index.ts';

/** Chance for spreading and choosing; never for secrets. */
export const systemRandom: Random = () => Math.random();
