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
  /** Of the login in use. */
  token(): Promise<string>;
  get(path: string, headers?: ExtraHeaders): Promise<ApiAnswer>;
  post(path: string, body?: unknown, headers?: ExtraHeaders): Promise<ApiAnswer>;
  put(path: string, body: unknown, headers?: ExtraHeaders): Promise<ApiAnswer>;
  patch(path: string, body: unknown, headers?: ExtraHeaders): Promise<ApiAnswer>;
  del(path: string, headers?: ExtraHeaders): Promise<ApiAnswer>;
  /** The body as it is: bytes, text or a stream of any length. */
  raw(method: string, path: string, body: string | Buffer | ReadableStream, headers?: ExtraHeaders): Promise<ApiAnswer>;
}

/** What is sent as it is, not as JSON. */
class RawBody {
  readonly body: string | Buffer | ReadableStream;
  constructor(body: string | Buffer | ReadableStream) {
    this.body = body;
  }
}

/** A client that logs in when it needs to, and again when its token is no longer taken. Rejects when nobody answers. */
export function programApi(url: string, user: string, password: string): ProgramApi {
  let login: Promise<string> | undefined;
  return {
    token: () => (login ??= logIn()),
    get: (path, headers) => send('GET', path, undefined, headers),
    post: (path, body, headers) => send('POST', path, body, headers),
    put: (path, body, headers) => send('PUT', path, body, headers),
    patch: (path, body, headers) => send('PATCH', path, body, headers),
    del: (path, headers) => send('DELETE', path, undefined, headers),
    raw: (method, path, body, headers) => send(method, path, new RawBody(body), headers),
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
      // A connection that is kept may be closed by the other side just as a request goes out on it; but a body that is refused half way needs one.
      headers: { ...(body instanceof RawBody ? {} : { connection: 'close' }), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : body instanceof RawBody ? { body: body.body, duplex: 'half' } : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
      // Browsers' types know no Buffer as a body.
    } as RequestInit);
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
