import { startHttp } from '../../src-core/http/index.ts';
import { createMetrics } from '../../src-core/http/index.ts';
import type { HttpOptions, HttpServer } from '../../src-core/http/index.ts';
import type { Clock } from '../../src-core/ports/clock.ts';
import type { Log } from '../../src-core/ports/log.ts';
import { createFakeApi } from './fake-api.ts';
import { createFakeHost } from './fake-host.ts';
import type { FakeApi } from './fake-api.ts';

export interface HttpFixture extends FakeApi {
  readonly server: HttpServer;
  /** Without the slash at the end. */
  readonly origin: string;
  readonly token: string;
  /** Everything logged at warn and above, as JSON. */
  readonly logged: string[];
  /** With the token, unless the headers say otherwise. A path below the API unless it starts with "//". */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<HttpAnswer>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed, undefined when it is not JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

export const PASSWORD = 'correct horse';

/** A started server on a free port over a fake scheduler; the caller stops it. */
export async function startFixture(change: Partial<HttpOptions> = {}): Promise<HttpFixture> {
  const fake = createFakeApi();
  const logged: string[] = [];
  const server = await startHttp({
    host: '127.0.0.1', port: 0, api: fake.api, hostApi: createFakeHost(), log: createLog(logged), clock: realClock(), registry: createMetrics().registry,
    credentials: { user: 'admin', password: PASSWORD, isDefaultPassword: false }, secretKey: 'k'.repeat(32), tokenExpireMs: 3_600_000, version: '1.2.3', ...change,
  });
  const origin = server.url.slice(0, -1);
  const { token } = await logIn(origin, change.credentials ?? { user: 'admin', password: PASSWORD }).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  return {
    ...fake, server, origin, token, logged,
    async send(method, path, body, headers = {}) {
      const isText = typeof body === 'string' || body instanceof Uint8Array;
      const answer = await fetch(path.startsWith('//') ? origin + path.slice(1) : `${origin}/natsjob/api${path}`, {
        method,
        redirect: 'manual',
        headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: isText ? (body as string) : JSON.stringify(body) }),
      });
      return readAnswer(answer);
    },
  };
}

async function logIn(origin: string, credentials: { user: string; password: string }): Promise<{ token: string }> {
  const answer = await fetch(`${origin}/natsjob/api/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ user: credentials.user, password: credentials.password }) });
  if (answer.status !== 200) throw new Error(`login: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as { token: string };
}

export async function readAnswer(answer: Response): Promise<HttpAnswer> {
  const text = await answer.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  return { status: answer.status, headers: answer.headers, text, body };
}

export function realClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(delayMs, action) {
      const timer = setTimeout(action, delayMs);
      return () => clearTimeout(timer);
    },
    soon: (action) => void setImmediate(action),
  };
}

function createLog(lines: string[]): Log {
  const keep = (fields: object, message: string): void => {
    lines.push(JSON.stringify({ message, ...fields, err: String((fields as { err?: unknown }).err ?? '') }));
  };
  const log: Log = { debug: () => undefined, info: () => undefined, warn: keep, error: keep, child: () => log };
  return log;
}
