import { ApiError } from '../api/client.ts';
import type { Messages } from '../i18n/index.svelte.ts';

/** A sentence for the person: what the server says, with the fields it names. */
export function errorText(error: unknown, t: Messages): string {
  if (!(error instanceof ApiError)) throw error;
  if (error.isOffline) return t.shell.unreachable;
  const fields = (error.problem?.errors ?? []).map(({ field, message }) => `${field} ${message}`);
  return [error.message, ...fields.filter((field) => !error.message.includes(field))].join(' ');
}
