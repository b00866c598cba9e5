import type { Messages } from '../en.ts';

export const runs = {
} satisfies Messages['runs'];
