/** Tokens logged out before their time. Memory is bounded: when full, all tokens issued so far become useless instead. */
export class Revocations {
  readonly #limit: number;
  /** Token id → when the token expires anyway, epoch ms. */
  readonly #revoked = new Map<string, number>();
  #issuedAfter = 0;

  constructor(limit = 10_000) {
    this.#limit = limit;
  }

  revoke(token: { tokenId: string; expiresAt: number }, now: number): void {
    if (this.#revoked.size >= this.#limit) this.#forgetExpired(now);
    if (this.#revoked.size >= this.#limit) {
      this.#issuedAfter = now;
      this.#revoked.clear();
    }
    this.#revoked.set(token.tokenId, token.expiresAt);
  }

  /** `issuedAt`: epoch ms. */
  isRevoked(token: { tokenId: string; issuedAt: number }): boolean {
    return token.issuedAt < this.#issuedAfter || this.#revoked.has(token.tokenId);
  }

  #forgetExpired(now: number): void {
    for (const [tokenId, expiresAt] of this.#revoked) if (expiresAt <= now) this.#revoked.delete(tokenId);
  }
}
