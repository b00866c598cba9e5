import type { Messages } from '../en.ts';

export const tester = {
} satisfies Messages['tester'];
