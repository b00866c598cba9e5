import type { Messages } from '../en.ts';

export const servers = {
} satisfies Messages['servers'];
