import type { Messages } from '../en.ts';

export const workers = {
} satisfies Messages['workers'];
