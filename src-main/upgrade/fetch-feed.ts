import { isFeedUrl } from '../../src-core/system/index.ts';

export interface FetchLimits {
  /** For everything: connecting, redirects and the whole answer. */
  readonly timeMs: number;
  readonly bytes: number;
}

/** A latest.json has some kB. */
export const FEED_LIMITS: FetchLimits = { timeMs: 10_000, bytes: 262_144 };

/** Release pages redirect to a storage once or twice. */
const MOST_REDIRECTS = 5;

/** The feed gave no answer that is one; the message ends a sentence about it. */
export class FeedUnreachableError extends Error {
  override readonly name = 'FeedUnreachableError';
}

/**
 * The text at a feed's address, in bounded time and size; sends nothing but the question.
 * A redirect has to keep the rule of isFeedUrl, and none leads from the network to this machine. Throws FeedUnreachableError.
 */
export async function fetchFeed(url: string, limits: FetchLimits = FEED_LIMITS): Promise<string> {
  const signal = AbortSignal.timeout(limits.timeMs);
  try {
    return await readBounded(await followed(url, signal), limits.bytes);
  } catch (error) {
    if (error instanceof FeedUnreachableError) throw error;
    throw new FeedUnreachableError(reason(error, limits), { cause: error });
  }
}

async function followed(first: string, signal: AbortSignal): Promise<Response> {
  let url = first;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop++) {
    const response = await fetch(url, { signal, redirect: 'manual', headers: { accept: 'application/json' } });
    if (response.ok) return response;
    await response.body?.cancel();
    const target = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || target === null) throw new FeedUnreachableError(`answers with status ${response.status}`);
    if (!URL.canParse(target, url)) throw new FeedUnreachableError('redirects to nowhere');
    const next = new URL(target, url).href;
    if (!isFeedUrl(next) || (new URL(first).protocol === 'https:' && !next.startsWith('https:'))) throw new FeedUnreachableError('redirects to an address that is not https');
    url = next;
  }
  throw new FeedUnreachableError(`redirects more than ${MOST_REDIRECTS} times`);
}

/** Stops reading when it is too much; what a server says about the length is not believed. */
async function readBounded(response: Response, most: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > most) throw new FeedUnreachableError(`answers with more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function reason(error: unknown, { timeMs }: FetchLimits): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `does not answer within ${timeMs / 1000} s`;
  const cause = error instanceof Error ? (error.cause as { code?: string; message?: string } | undefined) : undefined;
  return `cannot be reached (${cause?.code ?? cause?.message ?? String(error)})`;
}
