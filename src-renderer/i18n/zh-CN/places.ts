import type { Messages } from '../en.ts';

export const places = {
} satisfies Messages['places'];
