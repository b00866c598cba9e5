import { API_BASE, type LoginResource, type Problem } from '../../src-core/http/contract.ts';
import { CommandError } from '../cli/command.ts';

/** The scheduler said no; `problem` is its answer. */
export class ApiError extends CommandError {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly problem: Partial<Problem>;
  constructor(status: number, problem: Partial<Problem>) {
    super(sentence(status, problem));
    this.status = status;
    this.problem = problem;
  }
}

export interface ApiRequest {
  readonly body?: unknown;
  readonly version?: number;
  readonly query?: Readonly<Record<string, string | undefined>>;
}

const TIMEOUT_MS = 30_000;

/** Speaks to a running scheduler, logging in when the first call needs it. The token stays in this process. */
export class ApiClient {
  readonly url: string;
  readonly #user: string;
  readonly #password: string;
  /** Shared by calls that start at once: each login counts against the limit. */
  #login: Promise<LoginResource> | undefined;

  constructor(url: string, user: string, password: string) {
    this.url = url;
    this.#user = user;
    this.#password = password;
  }

  /** Resolves with the parsed answer. Throws ApiError, or CommandError when nobody answers. */
  async call<T>(method: string, path: string, request: ApiRequest = {}): Promise<T> {
    return (await this.#send(method, `${API_BASE}${path}`, request, await this.token())) as T;
  }

  /** A page outside the API, without login; any status is an answer. */
  async page(path: string, timeoutMs: number): Promise<{ status: number; text: string }> {
    const response = await this.#fetch(path, { signal: AbortSignal.timeout(timeoutMs) });
    return { status: response.status, text: await response.text() };
  }

  async token(): Promise<string> {
    this.#login ??= this.#send('POST', `${API_BASE}/login`, { body: { user: this.#user, password: this.#password } }) as Promise<LoginResource>;
    return (await this.#login).token;
  }

  /** A new login: the last token may have expired, or the scheduler may have been set up anew. */
  async freshToken(): Promise<string> {
    this.#login = undefined;
    return this.token();
  }

  async #send(method: string, path: string, { body, version, query }: ApiRequest, token?: string): Promise<unknown> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (version !== undefined) headers['if-match'] = `"${version}"`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await this.#fetch(path + queryText(query), {
      method, headers, signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = parse(text);
    if (!response.ok) throw new ApiError(response.status, isObject(answer) ? answer : { detail: text.slice(0, 200) });
    if (text !== '' && answer === undefined) throw new CommandError(`${this.url} answers, but it is not a natsjob.`);
    return answer;
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.url + path, init);
    } catch (error) {
      throw new CommandError(unreachable(this.url, error));
    }
  }
}

function unreachable(url: string, error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `The scheduler at ${url} does not answer in time.`;
  const cause = error instanceof Error ? (error.cause as { code?: string; message?: string } | undefined) : undefined;
  const code = cause?.code ?? cause?.message ?? String(error);
  if (code === 'ECONNREFUSED') return `No scheduler is running at ${url}. Start one with "natsjob serve", or say where it is with --url.`;
  return `The scheduler at ${url} cannot be reached (${code}).`;
}

function sentence(status: number, { detail, title, reason, errors }: Partial<Problem>): string {
  const text = detail ?? title ?? `The scheduler answers with status ${status}.`;
  if (status === 401) return `${text} User and password come from NATSJOB_LOGIN_USER and NATSJOB_LOGIN_PWD.`;
  // The detail of invalid input holds the fields already.
  const fields = (errors ?? []).filter(({ field }) => field !== '' && !text.includes(field)).map(({ field, message }) => ` ${field}: ${message}.`).join('');
  return `${text}${fields}${reason === undefined || text.includes(reason) ? '' : ` (${reason})`}`;
}

function queryText(query: ApiRequest['query']): string {
  const entries = Object.entries(query ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries).toString()}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Partial<Problem> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
