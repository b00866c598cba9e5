export interface ApiAnswer {
  readonly status: number;
  /** Parsed when it is JSON, else the text. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
  readonly headers: Headers;
}

type ExtraHeaders = Readonly<Record<string, string>>;

/** Paths below /natsjob/api; a path that begins with "//" is one outside of it: `//readyz`. */
export interface ProgramApi {
  get(path: string, headers?: ExtraHeaders): Promise<ApiAnswer>;
  post(path: string, body?: unknown, headers?: ExtraHeaders): Promise<ApiAnswer>;
  put(path: string, body: unknown, headers?: ExtraHeaders): Promise<ApiAnswer>;
  patch(path: string, body: unknown, headers?: ExtraHeaders): Promise<ApiAnswer>;
  del(path: string, headers?: ExtraHeaders): Promise<ApiAnswer>;
}

/** A client that logs in when it needs to, and again when its token is no longer taken. Rejects when nobody answers. */
export function programApi(url: string, user: string, password: string): ProgramApi {
  let login: Promise<string> | undefined;
  return {
    get: (path, headers) => send('GET', path, undefined, headers),
    post: (path, body, headers) => send('POST', path, body, headers),
    put: (path, body, headers) => send('PUT', path, body, headers),
    patch: (path, body, headers) => send('PATCH', path, body, headers),
    del: (path, headers) => send('DELETE', path, undefined, headers),
  };

  async function send(method: string, path: string, body?: unknown, headers?: ExtraHeaders): Promise<ApiAnswer> {
    if (path.startsWith('//')) return request(method, path.slice(1), body, headers);
    const before = (login ??= logIn());
    const answer = await request(method, `/natsjob/api${path}`, body, { authorization: `Bearer ${await before}`, ...headers });
    if (answer.status !== 401) return answer;
    if (login === before) login = logIn();
    return request(method, `/natsjob/api${path}`, body, { authorization: `Bearer ${await login}`, ...headers });
  }

  async function logIn(): Promise<string> {
    try {
      const { status, body } = await request('POST', '/natsjob/api/login', { user, password });
      if (status !== 200) throw new Error(`login: ${status} ${JSON.stringify(body)}`);
      return body.token as string;
    } catch (error) {
      login = undefined;
      throw error;
    }
  }

  async function request(method: string, path: string, body?: unknown, headers: ExtraHeaders = {}): Promise<ApiAnswer> {
    const answer = await fetch(url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await answer.text();
    return { status: answer.status, body: parsed(text), headers: answer.headers };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
