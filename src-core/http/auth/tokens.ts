import { createHash, createHmac, randomUUID } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../../ports/clock.ts';

export interface TokenClaims {
  readonly user: string;
  readonly tokenId: string;
  /** Epoch ms. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface Tokens {
  /** Issued at the moment given, epoch ms. */
  issue(user: string, now: number): Promise<{ token: string; expiresAt: number }>;
  /** Undefined for anything but a token of ours in its time. */
  read(token: string): Promise<TokenClaims | undefined>;
}

/** Bearer tokens: JWT, HS256. The key depends on user and password too: tokens of an old password are useless. */
export function createTokens(options: { secretKey: Uint8Array | string; user: string; password: string; expireMs: number; clock: Clock }): Tokens {
  const { user: owner, expireMs, clock } = options;
  if (options.secretKey.length === 0) throw new Error('The secret key is empty.');
  const key = createHmac('sha256', options.secretKey).update('natsjob token 1').update(digest(owner)).update(digest(options.password)).digest();
  return {
    async issue(user, now) {
      const expiresAt = Math.ceil((now + expireMs) / 1000);
      const token = await new SignJWT({ ms: now })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuer(ISSUER)
        .setSubject(user)
        .setJti(randomUUID())
        .setIssuedAt(Math.floor(now / 1000))
        .setExpirationTime(expiresAt)
        .sign(key);
      return { token, expiresAt: expiresAt * 1000 };
    },
    async read(token) {
      if (token.length > MAX_LENGTH) return undefined;
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'], issuer: ISSUER, currentDate: new Date(clock.now()), requiredClaims: ['exp', 'iat', 'sub', 'jti'] });
        const issuedAt = typeof payload.ms === 'number' ? payload.ms : payload.iat! * 1000;
        return { user: payload.sub!, tokenId: payload.jti!, issuedAt, expiresAt: payload.exp! * 1000 };
      } catch {
        // Why it is not one is nobody's business who does not hold one.
        return undefined;
      }
    },
  };
}

const ISSUER = 'natsjob';
const MAX_LENGTH = 2_048;

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
