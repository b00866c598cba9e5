import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { KeptPassword } from '../../ports/login-keeper.ts';

export interface Credentials {
  readonly user: string;
  readonly password: string;
  /** The well-known password is in force. */
  readonly isDefaultPassword: boolean;
  /** The setting that gives the password, as a person would look for it; absent = none does, so it can be changed while running. */
  readonly givenBy?: string;
}

/** Tells whether user and password are the right ones; takes the same time whichever of them is wrong. */
export type CredentialCheck = (user: string, password: string) => Promise<boolean>;

/** Keeps a salted hash only. */
export async function hashCredentials({ user, password }: Pick<Credentials, 'user' | 'password'>): Promise<CredentialCheck> {
  return checkAgainst(user, await keepPassword(password));
}

/** What of a password is put on the disk. */
export async function keepPassword(password: string): Promise<KeptPassword> {
  const salt = randomBytes(16);
  return { scheme: 'scrypt-16384-8-1', salt: salt.toString('base64'), hash: (await hashPassword(salt, password)).toString('base64') };
}

export function checkAgainst(owner: string, kept: KeptPassword): CredentialCheck {
  const salt = Buffer.from(kept.salt, 'base64');
  const userHash = hashUser(salt, owner);
  const passwordHash = Buffer.from(kept.hash, 'base64');
  return async (user, password) => {
    const given = await hashPassword(salt, password);
    const userFits = timingSafeEqual(hashUser(salt, user), userHash);
    const passwordFits = given.length === passwordHash.length && timingSafeEqual(given, passwordHash);
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
