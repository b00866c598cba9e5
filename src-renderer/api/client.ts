import type { Problem } from '../../src-core/http/contract.ts';

/** Relative to the page, so that a proxy may put the panel below any prefix and strip it. */
let base = new URL('natsjob/api/', document.baseURI);

/**
 * Below exactly `/natsjob/` there are two kinds of proxies: those that strip that prefix from everything, and those
 * that hand `/natsjob/api` through as it is (and maybe only that, with all headers). Who answers there is asked.
 */
export async function findApi(): Promise<void> {
  const page = new URL('.', document.baseURI);
  if (page.pathname !== '/natsjob/') return;
  const direct = new URL('api/', page);
  try {
    const answer = await fetch(new URL('me', direct), { headers: { accept: 'application/json' }, credentials: 'omit', cache: 'no-store' });
    if (answer.status === 401) base = direct;
  } catch {
    // Nobody answers: the page will say so.
  }
}

/** The server answered with a problem document, or did not answer (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem | undefined;

  constructor(status: number, problem: Problem | undefined, cause?: unknown) {
    super(problem?.detail ?? `HTTP ${status}`, { cause });
    this.name = 'ApiError';
    this.status = status;
    this.problem = problem;
  }

  get isOffline(): boolean { return this.status === 0; }

  /** What is wrong with one field of what was sent. */
  fieldMessage(field: string): string | undefined {
    return this.problem?.errors.find((error) => error.field === field)?.message;
  }
}

export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

export interface Call {
  readonly query?: Query;
  readonly body?: unknown;
  /** The version edited from: If-Match. */
  readonly version?: number;
  readonly signal?: AbortSignal;
}

let token: string | undefined;
let onUnauthorized: () => void = () => {};

/** Who is logged in, and whom to tell when the server no longer believes it. */
export function useToken(value: string | undefined, unauthorized: () => void): void {
  token = value;
  onUnauthorized = unauthorized;
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> => call<T>('GET', path, { ...(query && { query }), ...(signal && { signal }) }),
  post: <T>(path: string, body?: unknown, options: Call = {}): Promise<T> => call<T>('POST', path, { ...options, body: body ?? {} }),
  put: <T>(path: string, body: unknown, version: number): Promise<T> => call<T>('PUT', path, { body, version }),
  patch: <T>(path: string, body: unknown, version?: number): Promise<T> => call<T>('PATCH', path, { body, ...(version !== undefined && { version }) }),
  remove: (path: string, version: number): Promise<void> => call<void>('DELETE', path, { version }),
};

export async function call<T>(method: string, path: string, { query, body, version, signal }: Call = {}): Promise<T> {
  let answer: Response;
  const sent = token;
  try {
    answer = await fetch(urlOf(path, query), {
      method,
      headers: {
        accept: 'application/json',
        ...(sent === undefined ? {} : { authorization: `Bearer ${sent}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(version === undefined ? {} : { 'if-match': `"${version}"` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
      credentials: 'omit',
      cache: 'no-store',
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, undefined, error);
  }
  // An answer that was long on its way says nothing about a newer session.
  if (answer.status === 401 && sent !== undefined && sent === token && path !== 'login') onUnauthorized();
  if (!answer.ok) throw new ApiError(answer.status, await readProblem(answer));
  if (answer.status === 204) return undefined as T;
  try {
    return (await answer.json()) as T;
  } catch (error) {
    // Cut off on its way, or written by something that stands between.
    if (signal?.aborted) throw error;
    throw new ApiError(0, undefined, error);
  }
}

export function urlOf(path: string, query: Query = {}): URL {
  const url = new URL(path.replace(/^\//, ''), base);
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue;
    if (Array.isArray(value)) url.searchParams.set(name, value.join(','));
    else url.searchParams.set(name, String(value));
  }
  return url;
}

/** `ws:` or `wss:` beside the page. */
export function liveUrl(): string {
  const url = new URL('live', base);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

async function readProblem(answer: Response): Promise<Problem | undefined> {
  if (!(answer.headers.get('content-type') ?? '').includes('json')) return undefined;
  try {
    return (await answer.json()) as Problem;
  } catch {
    return undefined;
  }
}

/** One part of a path: names are safe as they are, ids of workers may not be. */
export function part(value: string): string {
  return encodeURIComponent(value);
}
