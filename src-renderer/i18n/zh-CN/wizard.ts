import type { Messages } from '../en.ts';

export const wizard = {
} satisfies Messages['wizard'];
