import type { Messages } from '../en.ts';

export const run = {
} satisfies Messages['run'];
