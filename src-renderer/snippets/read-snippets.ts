import { ApiError } from '../api/client.ts';
import file from '../generated/snippets.json?url';
import type { Snippet } from './snippet.ts';

/** The programs are data beside the panel's scripts, read when they are wanted. Rejects with ApiError. */
export async function readSnippets(signal?: AbortSignal): Promise<readonly Snippet[]> {
  let answer: Response;
  try {
    answer = await fetch(file, { credentials: 'omit', ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, undefined, error);
  }
  if (!answer.ok) throw new ApiError(answer.status, undefined);
  return (await answer.json()) as readonly Snippet[];
}
