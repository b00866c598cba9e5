import type { Messages } from '../en.ts';

export const palette = {
} satisfies Messages['palette'];
