import { randomBytes } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { KeptLogin, LoginKeeper } from '../../ports/login-keeper.ts';
import type { Log } from '../../ports/log.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../routes/route.ts';
import { checkAgainst, hashCredentials, keepPassword } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { LoginLimiter } from './login-limiter.ts';
import type { LoginLimits } from './login-limiter.ts';
import { OneTimeTokens } from './one-time-tokens.ts';
import { Revocations } from './revocations.ts';
import { createTokens } from './tokens.ts';

/** Who may come in. */
export interface Session {
  /** The well-known password is in force. */
  readonly isDefaultPassword: boolean;
  /** Throws the 401, 403 or 429 problem. */
  login(user: string, password: string, from: Origin): Promise<{ token: string; expiresAt: number }>;
  /** A token that logs in once, from this machine, within a minute: for a window that the program itself opens. A secret. */
  issueOneTimeToken(): string;
  /** The login for such a token. Throws the 401, 403 or 429 problem. */
  loginOneTime(token: string, from: Origin): Promise<{ token: string; expiresAt: number }>;
  /** The caller a token stands for. Throws the 401 problem. */
  authenticate(token: string | undefined): Promise<Caller>;
  /** Resolves when a restart would remember it. */
  logout(caller: Caller): Promise<void>;
  /** Ends all sessions but the caller's, and one-time tokens that were not used yet. */
  logoutOthers(caller: Caller): Promise<void>;
  /** The same, with a new password. Throws the 403, 409 or 429 problem, or UnavailableError when it cannot be kept. */
  changePassword(caller: Caller, change: { current: string; password: string }, from: Origin): Promise<void>;
  /** Tells whether the caller's token is still good, without reading it again. */
  isGood(caller: Caller): boolean;
  /** Calls back after each logout; returns the way to stop listening. */
  onLogout(listener: () => void): () => void;
}

export interface Origin {
  readonly clientAddress: string;
  readonly local: boolean;
}

export interface SessionOptions {
  readonly credentials: Credentials;
  readonly secretKey: Uint8Array | string;
  readonly tokenExpireMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: LoginLimits;
  /** Absent = what people change holds until the process ends. */
  readonly loginKeeper?: LoginKeeper;
}

export async function createSession(options: SessionOptions): Promise<Session> {
  const { credentials, clock, log, loginKeeper: keeper = keepInMemory() } = options;
  const { user: owner, givenBy } = credentials;
  // A password given by a setting counts more than one that was set here.
  let kept = givenBy === undefined ? keeper.kept.password : undefined;
  let check = kept === undefined ? await hashCredentials(credentials) : checkAgainst(owner, kept);
  // Not of the password that was set here: changing it must not end the session that changes it. `notBefore` ends the others.
  const tokens = createTokens({ secretKey: options.secretKey, user: owner, password: credentials.password, expireMs: options.tokenExpireMs, clock });
  const limiter = new LoginLimiter(clock, options.limits);
  const revocations = new Revocations(keeper.kept);
  const oneTimeTokens = new OneTimeTokens(clock, randomBytes);
  const listeners = new Set<() => void>();
  const isDefaultPassword = (): boolean => kept === undefined && credentials.isDefaultPassword;
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const keep = (): Promise<void> => keeper.update((before) => ({ ...before, ...revocations.kept }));
  const endOthers = (caller: Caller): void => {
    revocations.revokeAllBut(caller.tokenId, clock.now());
    oneTimeTokens.clear();
    tell();
  };
  const issue = (): Promise<{ token: string; expiresAt: number }> => tokens.issue(owner, Math.max(clock.now(), revocations.notBefore));
  /** One counted try. */
  const limited = async (from: Origin, isRight: () => boolean | Promise<boolean>): Promise<boolean> => {
    const attempt = limiter.begin(from.clientAddress, from.local);
    if (typeof attempt === 'number') throw tooManyProblem(attempt);
    try {
      const fits = await isRight();
      if (fits) attempt.succeeded();
      return fits;
    } finally {
      attempt.finished();
    }
  };
  return {
    get isDefaultPassword() {
      return isDefaultPassword();
    },
    async login(user, password, from) {
      if (isDefaultPassword() && !from.local) throw defaultPasswordProblem();
      if (!(await limited(from, () => check(user, password)))) {
        log.warn({ clientAddress: from.clientAddress }, 'A login was refused: wrong user or password.');
        throw new ProblemError(401, 'wrong-credentials', 'Not logged in', 'User or password is wrong.');
      }
      return issue();
    },
    issueOneTimeToken: () => oneTimeTokens.issue(),
    async loginOneTime(token, from) {
      if (!from.local) throw new ProblemError(403, 'not-local', 'Only from this machine', 'One-time tokens work on the machine the scheduler runs on only; log in with user and password.');
      if (!(await limited(from, () => oneTimeTokens.redeem(token)))) {
        log.warn({ clientAddress: from.clientAddress }, 'A login was refused: the one-time token is not one, was used before, or is too old.');
        throw new ProblemError(401, 'wrong-one-time-token', 'Not logged in', 'The one-time token is not one, was used before, or is older than a minute.');
      }
      return issue();
    },
    async authenticate(token) {
      if (token === undefined) throw loginProblem('login-required', 'Log in first: POST /natsjob/api/login, then send Authorization: Bearer <token>.');
      const claims = await tokens.read(token);
      if (claims === undefined || revocations.isRevoked(claims)) throw loginProblem('invalid-token', 'The token is not valid, not valid any more, or logged out.');
      return { user: claims.user, tokenId: claims.tokenId, issuedAt: claims.issuedAt, expiresAt: claims.expiresAt };
    },
    async logout(caller) {
      revocations.revoke(caller, clock.now());
      tell();
      await keep();
    },
    async logoutOthers(caller) {
      endOthers(caller);
      await keep();
    },
    async changePassword(caller, change, from) {
      if (givenBy !== undefined) throw new ProblemError(409, 'password-given', 'The password is given by a setting', `The password is given by ${givenBy}: change it there and restart.`);
      if (!(await limited(from, () => check(owner, change.current)))) {
        log.warn({ clientAddress: from.clientAddress }, 'A change of the password was refused: wrong current one.');
        throw new ProblemError(403, 'wrong-password', 'Wrong password', 'current: is not the password in force', { errors: [{ field: 'current', message: 'is not the password in force' }] });
      }
      const password = await keepPassword(change.password);
      // First on the disk: what a restart would not know must not be in force.
      await keeper.update((before) => ({ ...before, password }));
      kept = password;
      check = checkAgainst(owner, password);
      endOthers(caller);
      await keep();
      log.info({ clientAddress: from.clientAddress }, 'The password was changed; all other sessions have ended.');
    },
    isGood: (caller) => caller.expiresAt > clock.now() && !revocations.isRevoked(caller),
    onLogout(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function keepInMemory(): LoginKeeper {
  let kept: KeptLogin = { notBefore: 0, sparedTokenId: '', revoked: [] };
  return {
    get kept() {
      return kept;
    },
    async update(change) {
      kept = change(kept);
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
  return new ProblemError(403, 'default-password', 'The default password works on this machine only', 'Log in from the machine the scheduler runs on and change the password, or set NATSJOB_LOGIN_PWD to one of your own and restart.');
}

function tooManyProblem(waitMs: number): ProblemError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new ProblemError(429, 'too-many-tries', 'Too many tries', `Too many failed logins; try again in ${seconds} s.`, {
    extra: { retryAfter: seconds },
    headers: { 'retry-after': String(seconds) },
  });
}
