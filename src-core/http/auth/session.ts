import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../routes/route.ts';
import { hashCredentials } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { LoginLimiter } from './login-limiter.ts';
import type { LoginLimits } from './login-limiter.ts';
import { Revocations } from './revocations.ts';
import { createTokens } from './tokens.ts';

/** Who may come in. */
export interface Session {
  readonly isDefaultPassword: boolean;
  /** Throws the 401, 403 or 429 problem. */
  login(user: string, password: string, from: { clientAddress: string; local: boolean }): Promise<{ token: string; expiresAt: number }>;
  /** The caller a token stands for. Throws the 401 problem. */
  authenticate(token: string | undefined): Promise<Caller>;
  logout(caller: Caller): void;
  /** Tells whether the caller's token is still good, without reading it again. */
  isGood(caller: Caller): boolean;
  /** Calls back after each logout; returns the way to stop listening. */
  onLogout(listener: () => void): () => void;
}

export interface SessionOptions {
  readonly credentials: Credentials;
  readonly secretKey: Uint8Array | string;
  readonly tokenExpireMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: LoginLimits;
}

export async function createSession(options: SessionOptions): Promise<Session> {
  const { credentials, clock, log } = options;
  const { user: owner, password: secret, isDefaultPassword } = credentials;
  const check = await hashCredentials(credentials);
  const tokens = createTokens({ secretKey: options.secretKey, user: owner, password: secret, expireMs: options.tokenExpireMs, clock });
  const limiter = new LoginLimiter(clock, options.limits);
  const revocations = new Revocations();
  const listeners = new Set<() => void>();
  return {
    isDefaultPassword,
    async login(user, password, { clientAddress, local }) {
      if (isDefaultPassword && !local) throw defaultPasswordProblem();
      const attempt = limiter.begin(clientAddress, local);
      if (typeof attempt === 'number') throw tooManyProblem(attempt);
      try {
        if (!(await check(user, password))) {
          log.warn({ clientAddress }, 'A login was refused: wrong user or password.');
          throw new ProblemError(401, 'wrong-credentials', 'Not logged in', 'User or password is wrong.');
        }
        attempt.succeeded();
      } finally {
        attempt.finished();
      }
      return tokens.issue(owner);
    },
    async authenticate(token) {
      if (token === undefined) throw loginProblem('login-required', 'Log in first: POST /natsjob/api/login, then send Authorization: Bearer <token>.');
      const claims = await tokens.read(token);
      if (claims === undefined || revocations.isRevoked(claims)) throw loginProblem('invalid-token', 'The token is not valid, not valid any more, or logged out.');
      return { user: claims.user, tokenId: claims.tokenId, issuedAt: claims.issuedAt, expiresAt: claims.expiresAt };
    },
    logout(caller) {
      revocations.revoke(caller, clock.now());
      for (const listener of listeners) listener();
    },
    isGood: (caller) => caller.expiresAt > clock.now() && !revocations.isRevoked(caller),
    onLogout(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The token of an Authorization header; undefined when there is none. */
export function readBearer(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^Bearer +([^\s]+) *$/i.exec(header)?.[1];
}

function loginProblem(kind: string, detail: string): ProblemError {
  return new ProblemError(401, kind, 'Not logged in', detail, { headers: { 'www-authenticate': 'Bearer realm="natsjob"' } });
}

function defaultPasswordProblem(): ProblemError {
  return new ProblemError(403, 'default-password', 'The default password works on this machine only', 'Set NATSJOB_LOGIN_PWD to a password of your own and restart; until then log in from the machine the scheduler runs on.');
}

function tooManyProblem(waitMs: number): ProblemError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new ProblemError(429, 'too-many-tries', 'Too many tries', `Too many failed logins; try again in ${seconds} s.`, {
    extra: { retryAfter: seconds },
    headers: { 'retry-after': String(seconds) },
  });
}
