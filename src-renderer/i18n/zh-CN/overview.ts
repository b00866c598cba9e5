import type { Messages } from '../en.ts';

export const overview = {
} satisfies Messages['overview'];
