import type { Messages } from '../en.ts';

export const editor = {
} satisfies Messages['editor'];
