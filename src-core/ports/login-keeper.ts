/** What of logins has to outlive the process. */
export interface KeptLogin {
  /** Set by a person; absent = the settings' password holds. */
  readonly password?: KeptPassword;
  /** Tokens issued before this moment (epoch ms) are useless, but for the spared one. */
  readonly notBefore: number;
  readonly sparedTokenId: string;
  /** Tokens logged out, and when each would have ended by itself (epoch ms). */
  readonly revoked: readonly (readonly [tokenId: string, expiresAt: number])[];
}

/** A scrypt hash; salt and hash in base64. */
export interface KeptPassword {
  readonly scheme: 'scrypt-16384-8-1';
  readonly salt: string;
  readonly hash: string;
}

export interface LoginKeeper {
  /** As it was at the start, or last written. */
  readonly kept: KeptLogin;
  /** Changes come one after the other. Resolves when it would survive a power cut; rejects with UnavailableError when the disk does not take it: `kept` is then what it was. */
  update(change: (kept: KeptLogin) => KeptLogin): Promise<void>;
}
