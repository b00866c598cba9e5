import type { Messages } from '../en.ts';

export const jobs = {
} satisfies Messages['jobs'];
