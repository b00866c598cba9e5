import type { Messages } from '../en.ts';

export const job = {
} satisfies Messages['job'];
