import type { KeptLogin } from '../../ports/login-keeper.ts';

/** What of a KeptLogin is about tokens. */
export type KeptTokens = Pick<KeptLogin, 'notBefore' | 'sparedTokenId' | 'revoked'>;

/** Tokens ended before their time. Memory is bounded: when full, all tokens issued so far become useless instead. */
export class Revocations {
  readonly #limit: number;
  /** Token id → when the token expires anyway, epoch ms. */
  readonly #revoked: Map<string, number>;
  #notBefore: number;
  #sparedTokenId: string;

  constructor(kept: KeptTokens = { notBefore: 0, sparedTokenId: '', revoked: [] }, limit = 10_000) {
    this.#limit = limit;
    this.#revoked = new Map(kept.revoked);
    this.#notBefore = kept.notBefore;
    this.#sparedTokenId = kept.sparedTokenId;
  }

  /** Tokens have to be issued at or after this moment, epoch ms. */
  get notBefore(): number {
    return this.#notBefore;
  }

  get kept(): KeptTokens {
    return { notBefore: this.#notBefore, sparedTokenId: this.#sparedTokenId, revoked: [...this.#revoked] };
  }

  revoke(token: { tokenId: string; expiresAt: number }, now: number): void {
    if (this.#revoked.size >= this.#limit) this.#forgetExpired(now);
    if (this.#revoked.size >= this.#limit) this.revokeAllBut('', now);
    this.#revoked.set(token.tokenId, token.expiresAt);
  }

  /** Ends all tokens issued so far but the one. */
  revokeAllBut(tokenId: string, now: number): void {
    this.#notBefore = Math.max(this.#notBefore, now) + 1;
    this.#sparedTokenId = tokenId;
    this.#revoked.clear();
  }

  /** `issuedAt`: epoch ms. */
  isRevoked(token: { tokenId: string; issuedAt: number }): boolean {
    return (token.issuedAt < this.#notBefore && token.tokenId !== this.#sparedTokenId) || this.#revoked.has(token.tokenId);
  }

  #forgetExpired(now: number): void {
    for (const [tokenId, expiresAt] of this.#revoked) if (expiresAt <= now) this.#revoked.delete(tokenId);
  }
}
