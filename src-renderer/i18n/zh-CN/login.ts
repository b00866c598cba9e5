import type { Messages } from '../en.ts';

export const login = {
} satisfies Messages['login'];
