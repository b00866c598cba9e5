import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

export interface Credentials {
  readonly user: string;
  readonly password: string;
  /** The well-known password is in force. */
  readonly isDefaultPassword: boolean;
}

/** Tells whether user and password are the right ones; takes the same time whichever of them is wrong. */
export type CredentialCheck = (user: string, password: string) => Promise<boolean>;

/** Keeps a salted hash only. */
export async function hashCredentials(credentials: Credentials): Promise<CredentialCheck> {
  const salt = randomBytes(16);
  const userHash = hashUser(salt, credentials.user);
  const passwordHash = await hashPassword(salt, credentials.password);
  return async (user, password) => {
    const given = await hashPassword(salt, password);
    const userFits = timingSafeEqual(hashUser(salt, user), userHash);
    const passwordFits = timingSafeEqual(given, passwordHash);
    return userFits && passwordFits;
  };
}

const SCRYPT = { N: 16_384, r: 8, p: 1 };

/** Equal lengths, which timingSafeEqual needs. */
function hashUser(salt: Buffer, user: string): Buffer {
  return createHmac('sha256', salt).update(user).digest();
}

function hashPassword(salt: Buffer, password: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, SCRYPT, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
