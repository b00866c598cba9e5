import type { Messages } from '../en.ts';

export const calendar = {
} satisfies Messages['calendar'];
